"""The regularisers of D: one setting each, with its words and its cost beside it.

`gandash.game.regularisers` has the penalties.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from gandash.config.setting import Settings, setting
from gandash.words import marked, parted, say


def _penalty(label: str, symbol: str, help: str, default: float = 0.0) -> Any:
    return setting(default, label=label, symbol=symbol, live=True, ge=0, le=1000, help=help)


@dataclass(frozen=True)
class Regularises:
    """What a setting does at any value but `off`: in `words`, and in operations per weight of D and sample."""

    words: str
    flop: float = 0
    off: object = 0


class RegulariserConfig(Settings):
    """What calms D: penalties added to its loss, constraints on its weights, noise on what it sees. 0 turns each off."""

    r1: Annotated[float, Regularises(marked("R1, γ = {value}"), flop=4)] = _penalty(
        "R1 weight γ",
        "γ",
        "(γ/2) E|∇D|² on real data, of D's output before the sigmoid. It damps the orbit and flattens D; too much and D learns "
        "nothing. 0 turns it off.",
        0.3,
    )
    r2: Annotated[float, Regularises(marked("R2, γ = {value}"), flop=4)] = _penalty(
        "R2 weight", "γ₂", "The same on generated data."
    )
    gradient_penalty: Annotated[float, Regularises(marked("gradient penalty, λ = {value}"), flop=10)] = _penalty(
        "Gradient penalty λ",
        "λ",
        "λ E(|∇a| − 1)² between real and generated samples (WGAN-GP): asks for slope 1, which makes a critic measure distance.",
    )
    clip: Annotated[float, Regularises(marked("clipping at {value}"))] = setting(
        0.0,
        label="Clip D's weights at",
        symbol="clip",
        live=True,
        ge=0,
        le=10,
        help="Every parameter of D is kept within ± this (WGAN): a crude way to a bounded slope. 0 turns it off.",
    )
    spectral: Annotated[Literal["off", "on"], Regularises(marked("spectral normalisation"), off="off")] = setting(
        "off",
        label="Spectral normalisation",
        choices={"off": "off", "on": "on"},
        help="Every weight matrix of D is divided by its largest singular value (one power iteration per step): norm "
        "about 1 for each. The iteration lags behind a matrix that turns; what the norms are stands below. "
        "D's slope is at most the product of all (1.1 times as much a SiLU layer; no bound under batch or layer norm). A "
        "convolution's norm is up to twice that of its kernel's matrix. "
        "A matrix of zeros is left as it is, and a D of one weight keeps its sign alone.",
    )
    noise: Annotated[float, Regularises(marked("instance noise, σ = {value}"))] = setting(
        0.0,
        label="Instance noise σ",
        symbol="σ",
        live=True,
        ge=0,
        le=10,
        help="N(0, σ²) is added to real and generated samples before D sees them: overlapping laws have a gradient. With a "
        "half-life, σ is what it is set to and fades from then on: a change of either begins anew.",
    )
    noise_half_life: Annotated[float, Regularises(marked("σ halved every {value} steps"))] = setting(
        0.0,
        label="Noise half-life (steps)",
        symbol="t½",
        live=True,
        ge=0,
        le=1e7,
        help="σ halves once in so many steps, counted from when σ or this was last set. 0: it stays as it is.",
    )
    smoothing: Annotated[float, Regularises(marked("label smoothing {value}"))] = setting(
        0.0,
        label="One-sided label smoothing",
        symbol="smoothing",
        live=True,
        ge=0,
        le=0.5,
        help="D is asked for 1 − this on real data. The equilibrium moves from ½ to half of that, and all lines with it.",
    )
    packing: Annotated[int, Regularises(marked("packs of {value}"), off=1)] = setting(
        1,
        label="Samples per decision (packing)",
        ge=1,
        le=8,
        help="D judges so many samples at once (PacGAN): a pack without variety gives itself away. It must divide the batch.",
    )

    def summary(self) -> str:
        said = [
            say(told.words, value=f"{value:g}" if isinstance(value, int | float) else value) for told, value in self._at_work()
        ]
        return parted(*said) if said else say("none")

    @property
    def flop(self) -> float:
        """What those at work cost, in floating-point operations per weight of D and sample."""
        return sum(told.flop for told, _ in self._at_work())

    def _at_work(self) -> Iterator[tuple[Regularises, Any]]:
        for name, declared in type(self).model_fields.items():
            value = getattr(self, name)
            for told in declared.metadata:
                fades_nothing = name == "noise_half_life" and not self.noise
                if isinstance(told, Regularises) and value != told.off and not fades_nothing:
                    yield told, value
