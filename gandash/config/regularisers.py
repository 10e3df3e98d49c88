"""What calms D."""

from __future__ import annotations

from typing import Any, Literal

from gandash.config.setting import Settings, setting


def _penalty(label: str, symbol: str, help: str, default: float = 0.0) -> Any:
    return setting(default, label=label, symbol=symbol, live=True, ge=0, le=1000, help=help)


class RegulariserConfig(Settings):
    """What calms D: penalties added to its loss, constraints on its weights, noise on what it sees. 0 turns each off."""

    r1: float = _penalty(
        "R1 weight γ",
        "γ",
        "(γ/2) E|∇D|² on real data, of D's output before the sigmoid. It damps the orbit and flattens D; too much and D learns "
        "nothing. 0 turns it off.",
        0.3,
    )
    r2: float = _penalty("R2 weight", "γ₂", "The same on generated data.")
    gradient_penalty: float = _penalty(
        "Gradient penalty λ",
        "λ",
        "λ E(|∇a| − 1)² between real and generated samples (WGAN-GP): asks for slope 1, which makes a critic measure distance.",
    )
    clip: float = setting(
        0.0,
        label="Clip D's weights at",
        symbol="clip",
        live=True,
        ge=0,
        le=10,
        help="Every parameter of D is kept within ± this (WGAN): a crude way to a bounded slope. 0 turns it off.",
    )
    spectral: Literal["off", "on"] = setting(
        "off",
        label="Spectral normalisation",
        choices={"off": "off", "on": "on"},
        help="Every weight matrix of D is divided by its largest singular value (one power iteration per step): slope ≤ 1. "
        "A matrix of zeros is left as it is, and a D of one weight keeps its sign alone.",
    )
    noise: float = setting(
        0.0,
        label="Instance noise σ",
        symbol="σ",
        live=True,
        ge=0,
        le=10,
        help="N(0, σ²) is added to real and generated samples before D sees them: overlapping laws have a gradient.",
    )
    noise_half_life: float = setting(
        0.0,
        label="Noise half-life (steps)",
        symbol="t½",
        live=True,
        ge=0,
        le=1e7,
        help="σ halves once in so many steps. 0: it stays as it is.",
    )
    smoothing: float = setting(
        0.0,
        label="One-sided label smoothing",
        symbol="smoothing",
        live=True,
        ge=0,
        le=0.5,
        help="D is asked for 1 − this on real data. The equilibrium moves from ½ to half of that, and all lines with it.",
    )
    packing: int = setting(
        1,
        label="Samples per decision (packing)",
        ge=1,
        le=8,
        help="D judges so many samples at once (PacGAN): a pack without variety gives itself away. It must divide the batch.",
    )

    def summary(self) -> str:
        said = [
            self.r1 and f"R1, γ = {self.r1:g}",
            self.r2 and f"R2, γ = {self.r2:g}",
            self.gradient_penalty and f"gradient penalty, λ = {self.gradient_penalty:g}",
            self.clip and f"clipping at {self.clip:g}",
            self.spectral == "on" and "spectral normalisation",
            self.noise and f"instance noise, σ = {self.noise:g}",
            self.smoothing and f"label smoothing {self.smoothing:g}",
            self.packing > 1 and f"packs of {self.packing}",
        ]
        return "; ".join(word for word in said if word) or "none"
