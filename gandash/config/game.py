"""The settings of a whole game: data, latent, networks, objective, regulariser, update rule, optimisers, run.

An object that exists is valid, and its parts fit together; change one by replacing it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from gandash.config.data import DataConfig, MixtureConfig, PicturesConfig
from gandash.config.networks import ConvolutionConfig, DiscriminatorConfig, GeneratorConfig, LatentConfig, MLPConfig, Shape
from gandash.config.objectives import CROSS_ENTROPIES, OBJECTIVES, Objective
from gandash.config.optimisers import AdamConfig, OptimiserConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    SECOND_ORDER,
    AlternatingConfig,
    UpdateRuleConfig,
)
from gandash.config.setting import JsonValue, Misfit, SettingError, Settings, parse, setting, setting_at, with_settings
from gandash.words import finished, listed, marked, say

LOOP = "loop"
"""What a record names as given where it is of a training loop of somebody's own: its settings say no more than what the data
are."""


class RunConfig(Settings):
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
        help="G's parameters averaged over about 1/(1 − decay) steps; it calms the orbit out of the picture. It begins "
        "with G as it was then, and is little else until so many steps are over. 0 turns it off.",
    )
    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto",
        label="Device",
        choices={"auto": "automatic", "cpu": "CPU", "cuda": "GPU (CUDA)"},
        help="Where rounds are computed. Automatic: on a GPU where there is one and the game is large enough to gain by it. "
        "Another device rounds differently: the same seed gives the same run on the same one.",
    )

    def summary(self) -> str:
        return listed(say("seed {seed}", seed=self.seed), say("batch {batch}", batch=self.batch))


class GameConfig(Settings):
    """One game: the data, both players, what they want and how they move."""

    data: DataConfig = setting(MixtureConfig(), label="Data", help="The real distribution p_r that G must learn to imitate.")
    latent: LatentConfig = setting(LatentConfig(), label="Latent", help="What G is fed: z drawn from p_z.")
    generator: GeneratorConfig = setting(MLPConfig(), label="Generator", help="The network G that turns z into a sample.")
    discriminator: DiscriminatorConfig = setting(
        MLPConfig(activation="leaky_relu"),  # under R1 a plain ReLU dies unit by unit, and D with it
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
    regulariser: RegulariserConfig = setting(RegulariserConfig(), label="Regulariser", help="Penalties that calm D.")
    update_rule: UpdateRuleConfig = setting(
        AlternatingConfig(),
        label="Update rule",
        symbol="rule",
        live=True,
        help="Who moves when, and along which field. Simultaneous steps feed the orbit; extragradient, optimistic steps, "
        "consensus and symplectic adjustment damp it.",
    )
    generator_optimiser: OptimiserConfig = setting(
        AdamConfig(learning_rate=2e-4), label="Generator's optimiser", help="How G turns its gradient into a step."
    )
    discriminator_optimiser: OptimiserConfig = setting(
        AdamConfig(learning_rate=2e-3), label="Discriminator's optimiser", help="How D turns its gradient into a step."
    )
    run: RunConfig = setting(RunConfig(), label="Run", help="Seed, batch size and averaging.")

    def check(self) -> None:
        regulariser, rule = self.regulariser, self.update_rule
        if regulariser.smoothing and self.objective not in CROSS_ENTROPIES:
            raise Misfit(
                "regulariser.smoothing, objective",
                say(
                    "label smoothing asks D for a probability below 1, and under {objective} D gives none. "
                    "Set the smoothing to 0, or choose minimax or non-saturating",
                    objective=finished(OBJECTIVES[self.objective]),
                ),
            )
        if self.run.batch % regulariser.packing:
            raise Misfit(
                "regulariser.packing, run.batch",
                say(
                    "a batch of {batch} cannot be cut into packs of {packing}. Choose a batch that {packing} divides",
                    batch=self.run.batch,
                    packing=regulariser.packing,
                ),
            )
        if picture_shapes(self)[0] is None:
            for player in (marked("generator"), marked("discriminator")):
                if isinstance(getattr(self, player), ConvolutionConfig):
                    raise Misfit(
                        f"{player}, data",
                        say(
                            "a convolutional {player} needs pictures, and the data are points ({data}). "
                            "Choose an MLP, or pictures as data",
                            player=say(player),
                            data=self.data.summary(),
                        ),
                    )
        if isinstance(rule, SECOND_ORDER) and regulariser.spectral == "on":
            raise Misfit(
                "regulariser.spectral, update_rule",
                say(
                    "spectral normalisation does not combine with {rule}, which differentiates D's own steps. "
                    "Turn it off, or choose another update rule",
                    rule=rule.summary(),
                ),
            )

    def replace(self, path: str, value: Any) -> GameConfig:
        """This config with the setting at dotted `path` set to `value`; raises SettingError in plain words."""
        return with_settings(self, [(path, value)])

    def replace_all(self, changes: Sequence[tuple[str, Any]]) -> GameConfig:
        """This config with all `changes` made, in order, and judged together; raises SettingError in plain words."""
        return with_settings(self, changes)

    def with_live(self, path: str, value: JsonValue) -> GameConfig:
        """This config after a change in mid-run: what is not on the path is the same object, so that data cost nothing.

        Raises SettingError when there is no such setting, when it acts only with a restart, and when the value does not fit.
        """
        if not setting_at(self, path).live:
            raise SettingError(path, value, say("this setting restarts the game; it cannot change in mid-run"))
        return self.replace(path, value)


def picture_shapes(config: GameConfig) -> tuple[Shape | None, Shape | None]:
    """(channels, height, width) of a picture of the data and of what D judges at once; None where the data are points."""
    if not isinstance(config.data, PicturesConfig):
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
    d_update = 2 * g + (12 + config.regulariser.flop) * d
    g_update = 6 * g + 4 * d
    return config.run.batch * config.update_rule.flop(d_update, g_update)


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
