"""A whole game: what D is asked, what calms it, the run, and all of it together, affordable and of a piece.

Every setting is declared once: the laws of the data in `targets.py`, the networks in `players.py`, optimisers and update rules
in `dynamics.py`, the rest here.

A setting is a field of a frozen pydantic model: its default, bounds, label, help, scale, and whether it acts at the next
step (*live*) or needs the game to start again. Widgets, command-line flags, saved files and validation follow from here;
nothing else repeats a bound or a label. An object that exists is valid; change one by replacing it.

This file knows no torch: the page and the command line read it without paying for the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import model_validator

from gandash.dynamics import (
    CURVED,
    Adam,
    Alternating,
    Consensus,
    Extragradient,
    Optimiser,
    SymplecticAdjustment,
    Unrolled,
    UpdateRule,
)
from gandash.pictures import Pictures
from gandash.players import Convolutional, DiscriminatorNetwork, GeneratorNetwork, Latent, Network, Shape
from gandash.settings import JsonValue, Settings, parse, setting, unknown_setting
from gandash.targets import Data, Mixture

MAX_BYTES_PER_STEP = 2e9  # of activations: thirty people share a server
MAX_FLOP_PER_STEP = 2e11  # minutes a step on a laptop core: beyond this a "live" run is a promise nobody can keep


# ---------------------------------------------------------------------------------------------------------- regulariser


def _penalty(label: str, symbol: str, help: str, default: float = 0.0) -> Any:
    return setting(default, label=label, symbol=symbol, live=True, ge=0, le=1000, help=help)


class Regulariser(Settings):
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


class RunSettings(Settings):
    """What belongs to the run rather than to the game's rules."""

    seed: int = setting(
        0, label="Seed", ge=0, le=2**32 - 1, help="Same seed, same settings, same changes: the same run, bit for bit."
    )
    batch: int = setting(
        256,
        label="Batch size",
        symbol="batch",
        live=True,
        scale="log",
        ge=1,
        le=65536,
        help="Samples of each kind per update. Small batches make the curves noisy and the steps fast.",
    )
    averaging: float = setting(
        0.995,
        label="Average of G (EMA decay)",
        symbol="EMA",
        live=True,
        ge=0,
        le=0.9999,
        help="G's parameters averaged over about 1/(1 − decay) steps; it calms the orbit out of the picture. 0 turns it off.",
    )
    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        label="Device",
        choices={"auto": "automatic", "cpu": "CPU", "cuda": "GPU (CUDA)"},
        help="Where rounds are computed. Automatic: on a GPU where there is one and the game is large enough to gain by it. "
        "Another device rounds differently: the same seed gives the same run on the same one.",
    )

    def summary(self) -> str:
        return f"seed {self.seed}, batch {self.batch}"


OBJECTIVES = {
    "minimax": "minimax",
    "non_saturating": "non-saturating",
    "least_squares": "least squares",
    "hinge": "hinge",
    "wasserstein": "Wasserstein",
    "relativistic": "relativistic pairing",
    "f_kl": "f-GAN: KL",
    "f_reverse_kl": "f-GAN: reverse KL",
    "f_pearson": "f-GAN: Pearson χ²",
    "f_squared_hellinger": "f-GAN: squared Hellinger",
    "f_jensen_shannon": "f-GAN: Jensen–Shannon",
}
Objective = Literal[
    "minimax",
    "non_saturating",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "f_kl",
    "f_reverse_kl",
    "f_pearson",
    "f_squared_hellinger",
    "f_jensen_shannon",
]


class GameConfig(Settings):
    """One game: the data, both players, what they want and how they move."""

    data: Data = setting(Mixture(), label="Data", help="The real distribution p_r that G must learn to imitate.")
    latent: Latent = setting(Latent(), label="Latent", help="What G is fed: z drawn from p_z.")
    generator: GeneratorNetwork = setting(Network(), label="Generator", help="The network G that turns z into a sample.")
    discriminator: DiscriminatorNetwork = setting(
        Network(activation="leaky_relu"),  # under R1 a plain ReLU dies unit by unit, and D with it
        label="Discriminator",
        help="The network D that tells real from generated.",
    )
    objective: Objective = setting(
        "non_saturating",
        label="Objective",
        symbol="objective",
        live=True,
        choices=OBJECTIVES,
        help="What both players minimise, and what D's output means. Minimax G minimises E log(1 − D(G)): its gradient dies "
        "when D wins; non-saturating G maximises E log D(G). Critics (least squares, hinge, Wasserstein, ...) give scores.",
    )
    regulariser: Regulariser = setting(Regulariser(), label="Regulariser", help="Penalties that calm D.")
    update_rule: UpdateRule = setting(
        Alternating(),
        label="Update rule",
        symbol="rule",
        live=True,
        help="Who moves when, and along which field. Simultaneous steps feed the orbit; extragradient, optimistic steps, "
        "consensus and symplectic adjustment damp it.",
    )
    generator_optimiser: Optimiser = setting(
        Adam(learning_rate=2e-4), label="Generator's optimiser", help="How G turns its gradient into a step."
    )
    discriminator_optimiser: Optimiser = setting(
        Adam(learning_rate=2e-3), label="Discriminator's optimiser", help="How D turns its gradient into a step."
    )
    run: RunSettings = setting(RunSettings(), label="Run", help="Seed, batch size and averaging.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        regulariser, rule = self.regulariser, self.update_rule
        if regulariser.smoothing and self.objective not in ("minimax", "non_saturating"):
            raise ValueError(
                f"regulariser.smoothing, objective: label smoothing asks D for a probability below 1, and under "
                f"{OBJECTIVES[self.objective]} D gives none. Set the smoothing to 0, or choose minimax or non-saturating"
            )
        if self.run.batch % regulariser.packing:
            raise ValueError(
                f"regulariser.packing, run.batch: a batch of {self.run.batch} cannot be cut into packs of "
                f"{regulariser.packing}. Choose a batch that {regulariser.packing} divides"
            )
        if picture_shapes(self)[0] is None:
            for player in ("generator", "discriminator"):
                if isinstance(getattr(self, player), Convolutional):
                    raise ValueError(
                        f"{player}, data: a convolutional {player} needs pictures, and the data are points "
                        f"({self.data.summary()}). Choose an MLP, or pictures as data"
                    )
        if isinstance(rule, CURVED) and regulariser.spectral == "on":
            raise ValueError(
                f"regulariser.spectral, update_rule: spectral normalisation does not combine with {rule.summary()}, which "
                "differentiates D's own steps. Turn it off, or choose another update rule"
            )
        return self

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        players = (("generator", self.generator), ("discriminator", self.discriminator))
        sizes = ", ".join(f"{name}.{'channels' if isinstance(one, Convolutional) else 'width'}" for name, one in players)
        flop = flop_per_step(self)
        if flop > MAX_FLOP_PER_STEP:
            raise ValueError(
                f"{sizes}, run.batch, update_rule: this game needs about {flop:.1e} "
                f"floating-point operations per step; at most {MAX_FLOP_PER_STEP:.0e} are allowed. "
                "Try narrower or shallower networks, a smaller batch or fewer steps per round"
            )
        memory = bytes_per_step(self)
        if memory > MAX_BYTES_PER_STEP:
            raise ValueError(
                f"{sizes}, run.batch: a step of this game needs about {memory / 1e9:.1f} GB of "
                f"memory; at most {MAX_BYTES_PER_STEP / 1e9:.0f} GB are allowed. Try narrower networks or a smaller batch"
            )
        return self

    def replace(self, path: str, value: JsonValue) -> GameConfig:
        """This config with the setting at dotted `path` set to `value`; raises SettingError in plain words."""
        return self.replace_all([(path, value)])

    def replace_all(self, changes: Sequence[tuple[str, JsonValue]]) -> GameConfig:
        """This config with all `changes` made, and judged together; raises SettingError in plain words."""
        given = self.model_dump(mode="json")
        for path, value in changes:
            *parents, last = path.split(".")
            node: Any = given
            for name in parents:
                node = node.get(name) if isinstance(node, dict) else None
            if not isinstance(node, dict) or last not in node:
                raise unknown_setting(self, path, value)
            node[last] = value
        return parse_config(given)


def picture_shapes(config: GameConfig) -> tuple[Shape | None, Shape | None]:
    """(channels, height, width) of a picture of the data and of what D judges at once; None where the data are points."""
    if not isinstance(config.data, Pictures):
        return None, None
    channels, height, width = config.data.shape
    return config.data.shape, (config.regulariser.packing * channels, height, width)


def parameters(config: GameConfig) -> tuple[int, int]:
    """Numbers that G and D are made of."""
    dimension, pack = config.data.dimension, config.regulariser.packing
    shape, packed = picture_shapes(config)
    g = config.generator.parameters(config.latent.dimension, dimension, shape)
    return g, config.discriminator.parameters(pack * dimension, 1, packed)


def flop_per_step(config: GameConfig) -> float:
    """Rough floating-point operations of one round: 2 per weight forward, up to twice that back, R1 a tangent."""

    dimension, pack = config.data.dimension, config.regulariser.packing
    shape, packed = picture_shapes(config)
    g = config.generator.weights(config.latent.dimension, dimension, shape)
    d = config.discriminator.weights(pack * dimension, 1, packed) / pack
    rule, regulariser = config.update_rule, config.regulariser
    d_update = 2 * g + (12 + 4 * (regulariser.r1 > 0) + 4 * (regulariser.r2 > 0) + 10 * (regulariser.gradient_penalty > 0)) * d
    g_update = 6 * g + 4 * d
    rounds = rule.discriminator_steps * d_update + rule.generator_steps * g_update
    if isinstance(rule, Extragradient):
        rounds *= 2
    elif isinstance(rule, Consensus | SymplecticAdjustment):
        rounds *= 4 if isinstance(rule, Consensus) else 8
    elif isinstance(rule, Unrolled):
        rounds += rule.depth * 3 * d_update
    return config.run.batch * rounds


def bytes_per_step(config: GameConfig) -> float:
    """Rough memory of one pass: four float32 numbers per sample and unit of the larger player; D sees two batches at once."""
    dimension, pack = config.data.dimension, config.regulariser.packing
    shape, packed = picture_shapes(config)
    g = config.generator.units(config.latent.dimension, dimension, shape)
    d = 2 * config.discriminator.units(pack * dimension, 1, packed) / pack
    return 4 * 4 * config.run.batch * max(g, d)


def parse_config(given: JsonValue | bytes) -> GameConfig:
    """A GameConfig from JSON text (bytes) or parsed JSON; raises SettingError naming the first field that does not fit."""
    return parse(GameConfig, given)
