"""Every setting of a game, declared once (those of the data's laws in `targets.py`).

A setting is a field of a frozen pydantic model: its default, bounds, label, help, scale, and whether it acts at the next
step (*live*) or needs the game to start again. Widgets, command-line flags, saved files and validation follow from here;
nothing else repeats a bound or a label. An object that exists is valid; change one by replacing it.

This file knows no torch: the page and the command line read it without paying for the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gandash.settings import JsonValue, Settings, parse, setting, unknown_setting
from gandash.targets import Data, Mixture

MAX_BYTES_PER_STEP = 2e9  # of activations: thirty people share a server
MAX_FLOP_PER_STEP = 2e11  # minutes a step on a laptop core: beyond this a "live" run is a promise nobody can keep


class Latent(Settings):
    """The law p_z of the latent z that G transforms."""

    kind: Literal["normal", "uniform"] = setting(
        "normal",
        label="Law",
        choices={"normal": "normal N(0, 1)", "uniform": "uniform on [-1, 1]"},
        help="A bounded latent gives p_g sharp ends; a normal one gives tails.",
    )
    dimension: int = setting(
        1,
        label="Dimension",
        ge=1,
        le=64,
        help="As many as the data has, and the map z → G(z) can be drawn whole; more can fold more freely.",
    )

    def summary(self) -> str:
        return f"{self.kind}, {self.dimension}"


# ------------------------------------------------------------------------------------------------------------- players

ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "tanh": "tanh", "silu": "SiLU"}


class Network(Settings):
    """A multilayer perceptron: `depth` hidden layers of `width` units."""

    width: int = setting(
        64,
        label="Width",
        ge=1,
        le=4096,
        help="Units per hidden layer. A wider player is stronger and each step dearer.",
    )
    depth: int = setting(
        2, label="Hidden layers", ge=1, le=8, help="Deeper players bend more sharply and are harder to keep stable."
    )
    activation: Literal["relu", "leaky_relu", "tanh", "silu"] = setting(
        "relu",
        label="Activation",
        choices=ACTIVATIONS,
        help="ReLU kinds draw D from straight pieces; tanh and SiLU draw it smooth. Plain ReLU units can die for good.",
    )
    initialisation: Literal["uniform", "he", "xavier"] = setting(
        "uniform",
        label="Initialisation",
        choices={"uniform": "uniform ±1/√fan-in", "he": "He (2015)", "xavier": "Xavier (2010)"},
        help="How the weights start; it decides how wide p_g and how steep D are at step 0.",
    )

    def summary(self) -> str:
        return f"{self.depth} × {self.width} {ACTIVATIONS[self.activation]}"


# ---------------------------------------------------------------------------------------------------------- optimisers

_lr_help = "Step size. Too high and the players orbit or explode, too low and nothing seems to happen; try a factor of 3."


def _learning_rate(default: float) -> Any:
    return setting(default, label="Learning rate", symbol="lr", live=True, scale="log", gt=0, le=10, help=_lr_help)


class GradientDescent(Settings):
    """p <- p - lr g."""

    kind: Literal["gradient_descent"] = "gradient_descent"
    learning_rate: float = _learning_rate(0.05)


class Momentum(Settings):
    """Heavy ball: b <- momentum b + g, p <- p - lr b (torch.optim.SGD's convention)."""

    kind: Literal["momentum"] = "momentum"
    learning_rate: float = _learning_rate(0.02)
    momentum: float = setting(
        0.5,
        label="Momentum",
        symbol="μ",
        live=True,
        ge=-0.95,
        le=0.999,
        help="In games momentum feeds the orbit; negative damps it.",
    )


class RMSProp(Settings):
    """Gradient divided by the root of its running mean square (Tieleman and Hinton 2012)."""

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = _learning_rate(1e-3)
    decay: float = setting(
        0.99,
        label="Decay",
        symbol="α",
        live=True,
        ge=0,
        le=0.9999,
        help="Memory of the mean square; longer is smoother.",
    )
    epsilon: float = setting(
        1e-8,
        label="Epsilon",
        symbol="ε",
        live=True,
        scale="log",
        gt=0,
        le=1,
        help="Bounds the step where gradients vanish.",
    )


class Adam(Settings):
    """Kingma and Ba 2014 (arXiv:1412.6980)."""

    kind: Literal["adam"] = "adam"
    learning_rate: float = _learning_rate(1e-3)
    beta1: float = setting(
        0.0,
        label="β₁",
        symbol="β₁",
        live=True,
        ge=-0.9,
        le=0.999,
        help="Momentum of Adam. In games 0 to 0.5 is calmer than 0.9.",
    )
    beta2: float = setting(
        0.9,
        label="β₂",
        symbol="β₂",
        live=True,
        ge=0,
        le=0.9999,
        help="Memory of the step scaling; shorter reacts faster.",
    )
    epsilon: float = setting(
        1e-8,
        label="Epsilon",
        symbol="ε",
        live=True,
        scale="log",
        gt=0,
        le=1,
        help="Bounds the step where gradients vanish.",
    )


Optimiser = Annotated[GradientDescent | Momentum | RMSProp | Adam, Field(discriminator="kind")]


# -------------------------------------------------------------------------------------------------------- update rules


class Simultaneous(Settings):
    """Both players move from the same point."""

    kind: Literal["simultaneous"] = "simultaneous"

    @property
    def discriminator_steps(self) -> int:
        return 1

    @property
    def generator_steps(self) -> int:
        return 1

    def summary(self) -> str:
        return "simultaneous"


class Alternating(Settings):
    """k_D discriminator updates, then k_G generator updates that see the new D (Goodfellow et al. 2014, algorithm 1)."""

    kind: Literal["alternating"] = "alternating"
    discriminator_steps: int = setting(
        2,
        label="D steps per round",
        symbol="k_D",
        live=True,
        ge=0,
        le=100,
        help="More D steps bring D nearer to D*; 0 freezes D.",
    )
    generator_steps: int = setting(
        1,
        label="G steps per round",
        symbol="k_G",
        live=True,
        ge=0,
        le=100,
        help="More G steps let G run into whatever D likes now: the road to collapse. 0 freezes G.",
    )

    @model_validator(mode="after")
    def _somebody_moves(self) -> Self:
        if self.discriminator_steps + self.generator_steps == 0:
            raise ValueError("discriminator_steps: both players have 0 steps; let at least one of them move")
        return self

    def summary(self) -> str:
        return f"alternating {self.discriminator_steps} : {self.generator_steps}"


UpdateRule = Annotated[Simultaneous | Alternating, Field(discriminator="kind")]


# ---------------------------------------------------------------------------------------------------------- regulariser


class Regulariser(Settings):
    """Penalties added to the discriminator's loss."""

    r1: float = setting(
        0.3,
        label="R1 weight γ",
        symbol="γ",
        live=True,
        ge=0,
        le=1000,
        help="(γ/2) E|∇D|² on real data. It damps the orbit and flattens D; too much and D learns nothing. 0 turns it off.",
    )

    def summary(self) -> str:
        return f"R1, γ = {self.r1:g}" if self.r1 else "none"


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
        help="G's parameters averaged over about 1/(1 - decay) steps; it calms the orbit out of the picture. 0 turns it off.",
    )

    def summary(self) -> str:
        return f"seed {self.seed}, batch {self.batch}"


class GameConfig(Settings):
    """One game: the data, both players, what they want and how they move."""

    data: Data = setting(Mixture(), label="Data", help="The real distribution p_r that G must learn to imitate.")
    latent: Latent = setting(Latent(), label="Latent", help="What G is fed: z drawn from p_z.")
    generator: Network = setting(Network(), label="Generator", help="The network G that turns z into a sample.")
    discriminator: Network = setting(
        Network(activation="leaky_relu"),  # under R1 a plain ReLU dies unit by unit, and D with it
        label="Discriminator",
        help="The network D that tells real from generated.",
    )
    objective: Literal["minimax", "non_saturating"] = setting(
        "non_saturating",
        label="Objective",
        symbol="objective",
        live=True,
        choices={"minimax": "minimax", "non_saturating": "non-saturating"},
        help="Minimax G minimises E log(1 - D(G)): its gradient dies when D wins. Non-saturating G maximises E log D(G).",
    )
    regulariser: Regulariser = setting(Regulariser(), label="Regulariser", help="Penalties that calm D.")
    update_rule: UpdateRule = setting(
        Alternating(),
        label="Update rule",
        symbol="rule",
        live=True,
        help="Who moves when. Simultaneous play orbits more.",
    )
    generator_optimiser: Optimiser = setting(
        Adam(learning_rate=2e-4), label="Generator's optimiser", help="How G turns its gradient into a step."
    )
    discriminator_optimiser: Optimiser = setting(
        Adam(learning_rate=2e-3), label="Discriminator's optimiser", help="How D turns its gradient into a step."
    )
    run: RunSettings = setting(RunSettings(), label="Run", help="Seed, batch size and averaging.")

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        flop = flop_per_step(self)
        if flop > MAX_FLOP_PER_STEP:
            raise ValueError(
                f"generator.width, discriminator.width, run.batch, update_rule: this game needs about {flop:.1e} "
                f"floating-point operations per step; at most {MAX_FLOP_PER_STEP:.0e} are allowed. "
                "Try narrower or shallower networks, a smaller batch or fewer steps per round"
            )
        memory = bytes_per_step(self)
        if memory > MAX_BYTES_PER_STEP:
            raise ValueError(
                f"generator.width, discriminator.width, run.batch: a step of this game needs about {memory / 1e9:.1f} GB of "
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


def flop_per_step(config: GameConfig) -> float:
    """Rough floating-point operations of one round: 2 per weight forward, up to twice that back, R1 a tangent."""

    def weights(net: Network, inputs: int, outputs: int) -> int:
        return inputs * net.width + (net.depth - 1) * net.width**2 + net.width * outputs

    dimension = config.data.dimension
    g, d = weights(config.generator, config.latent.dimension, dimension), weights(config.discriminator, dimension, 1)
    rule, r1 = config.update_rule, config.regulariser.r1 > 0
    d_update = 2 * g + (12 + 4 * r1) * d
    g_update = 6 * g + 4 * d
    return config.run.batch * (rule.discriminator_steps * d_update + rule.generator_steps * g_update)


def bytes_per_step(config: GameConfig) -> float:
    """Rough memory of one pass: four float32 numbers per sample and unit of the larger player; D sees two batches at once."""
    g = config.generator.depth * config.generator.width
    d = 2 * config.discriminator.depth * config.discriminator.width
    return 4 * 4 * config.run.batch * max(g, d)


def parse_config(given: JsonValue | bytes) -> GameConfig:
    """A GameConfig from JSON text (bytes) or parsed JSON; raises SettingError naming the first field that does not fit."""
    return parse(GameConfig, given)
