"""Every setting of a game, declared once (those of the data's laws in `targets.py`).

A setting is a field of a frozen pydantic model: its default, bounds, label, help, scale, and whether it acts at the next
step (*live*) or needs the game to start again. Widgets, command-line flags, saved files and validation follow from here;
nothing else repeats a bound or a label. An object that exists is valid; change one by replacing it.

This file knows no torch: the page and the command line read it without paying for the import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

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

ACTIVATIONS = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "tanh": "tanh", "silu": "SiLU", "maxout": "maxout"}
NORMALISATIONS = {"none": "none", "batch": "batch norm", "layer": "layer norm"}
INITIALISATIONS = {
    "uniform": "uniform ±1/√fan-in",
    "he": "He (2015)",
    "xavier": "Xavier (2010)",
    "orthogonal": "orthogonal (Saxe 2013)",
    "normal": "normal N(0, spread²)",
}


class Network(Settings):
    """A multilayer perceptron: `depth` hidden layers of `width` units."""

    kind: Literal["mlp"] = "mlp"
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
    activation: Literal["relu", "leaky_relu", "tanh", "silu", "maxout"] = setting(
        "relu",
        label="Activation",
        choices=ACTIVATIONS,
        help="ReLU kinds and maxout draw D from straight pieces; tanh and SiLU draw it smooth. Plain ReLU units can die for "
        "good. Maxout takes the largest of several straight lines per unit.",
    )
    pieces: int = setting(2, label="Maxout pieces", ge=2, le=5, help="Straight lines per maxout unit; used by maxout alone.")
    normalisation: Literal["none", "batch", "layer"] = setting(
        "none",
        label="Normalisation",
        choices=NORMALISATIONS,
        help="Batch norm centres and scales each unit over the batch, always over the batch at hand: D sees real and generated "
        "ones apart. Layer norm does it within each sample.",
    )
    dropout: float = setting(
        0.0,
        label="Dropout",
        ge=0,
        le=0.9,
        help="Share of hidden units silenced at random in each training pass, never in a picture. 0 turns it off.",
    )
    initialisation: Literal["uniform", "he", "xavier", "orthogonal", "normal"] = setting(
        "uniform",
        label="Initialisation",
        choices=INITIALISATIONS,
        help="How the weights start; it decides how wide p_g and how steep D are at step 0.",
    )
    spread: float = setting(
        0.02,
        label="Initial spread",
        gt=0,
        le=2,
        help="Standard deviation of the first weights; used by the normal initialisation alone.",
    )

    @property
    def lines(self) -> int:
        """Linear functions per hidden unit: one, or maxout's pieces."""
        return self.pieces if self.activation == "maxout" else 1

    def weights(self, inputs: int, outputs: int) -> int:
        """Weights that multiply something: what a pass costs per sample."""
        return self.lines * self.width * (inputs + (self.depth - 1) * self.width) + self.width * outputs

    @property
    def units(self) -> int:
        """Numbers that a forward pass keeps per sample."""
        linear = self.lines * (2 if self.normalisation != "none" else 1)
        return self.depth * self.width * (linear + (self.activation == "maxout") + (self.dropout > 0))

    def summary(self) -> str:
        activation = ACTIVATIONS[self.activation] + (f" of {self.pieces}" if self.activation == "maxout" else "")
        said = [f"{self.depth} × {self.width} {activation}"]
        if self.normalisation != "none":
            said.append(NORMALISATIONS[self.normalisation])
        if self.dropout:
            said.append(f"dropout {self.dropout:g}")
        if self.initialisation == "normal":
            said.append(f"N(0, {self.spread:g}²)")
        elif self.initialisation != "uniform":
            said.append(INITIALISATIONS[self.initialisation].split(" (")[0])
        return ", ".join(said)


class Point(Settings):
    """A generator of one sample: G(z) = θ, whatever z (the Dirac-GAN of Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406)."""

    kind: Literal["point"] = "point"
    start: float = setting(1.0, label="Start θ", ge=-10, le=10, help="Where G puts its one sample at step 0.")

    def weights(self, inputs: int, outputs: int) -> int:
        """Weights that multiply something: none."""
        return 0

    @property
    def units(self) -> int:
        """Numbers that a forward pass keeps per sample."""
        return 1

    def summary(self) -> str:
        return f"point θ, from {self.start:g}"


class Linear(Settings):
    """A discriminator without bias: a(x) = ψ · x before the sigmoid (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406)."""

    kind: Literal["linear"] = "linear"
    start: float = setting(1.0, label="Start ψ", ge=-10, le=10, help="D's slope at step 0, the same along each axis.")

    def weights(self, inputs: int, outputs: int) -> int:
        """Weights that multiply something: what a pass costs per sample."""
        return inputs * outputs

    @property
    def units(self) -> int:
        """Numbers that a forward pass keeps per sample."""
        return 1

    def summary(self) -> str:
        return f"linear ψ · x, from {self.start:g}"


def mlp_unless_said(given: Any) -> Any:
    """A network without a kind is an MLP: files from before there were other kinds name none."""
    return {"kind": "mlp", **given} if isinstance(given, dict) else given


GeneratorNetwork = Annotated[Network | Point, Field(discriminator="kind"), BeforeValidator(mlp_unless_said)]
DiscriminatorNetwork = Annotated[Network | Linear, Field(discriminator="kind"), BeforeValidator(mlp_unless_said)]


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

    first: Literal["discriminator", "generator"] = setting(
        "discriminator",
        label="Who moves first",
        symbol="first",
        live=True,
        choices={"discriminator": "D", "generator": "G"},
        help="Within a round the second player already sees the first one's move.",
    )

    @model_validator(mode="after")
    def _somebody_moves(self) -> Self:
        if self.discriminator_steps + self.generator_steps == 0:
            raise ValueError("discriminator_steps: both players have 0 steps; let at least one of them move")
        return self

    def summary(self) -> str:
        order = "" if self.first == "discriminator" else ", G first"
        return f"alternating {self.discriminator_steps} : {self.generator_steps}{order}"


class _OneEach(Settings):
    """Base of the rules in which each player moves once a round."""

    @property
    def discriminator_steps(self) -> int:
        return 1

    @property
    def generator_steps(self) -> int:
        return 1

    def summary(self) -> str:
        return str(getattr(self, "kind", "")).replace("_", " ")


class Extragradient(_OneEach):
    """A look ahead, then a step from the old place along the field found there (Korpelevich 1976; Gidel et al. 2019,
    arXiv:1802.10551: with Adam both steps update the moments)."""

    kind: Literal["extragradient"] = "extragradient"


class Optimistic(_OneEach):
    """Twice the present update less the last one (Popov 1980; Daskalakis et al. 2018, arXiv:1711.00141)."""

    kind: Literal["optimistic"] = "optimistic"


class Consensus(_OneEach):
    """The field plus gamma grad |v|^2 / 2: both players also want the other's gradient small (Mescheder et al. 2017,
    arXiv:1705.10461)."""

    kind: Literal["consensus"] = "consensus"
    gamma: float = setting(
        0.1,
        label="Consensus γ",
        symbol="γ_c",
        live=True,
        ge=0,
        le=100,
        help="Weight of |v|²/2, half the squared length of both gradients. It damps rotation; too much, and every rest "
        "point attracts.",
    )


class SymplecticAdjustment(_OneEach):
    """The field plus lambda A^T v, A the antisymmetric part of its Jacobian (Balduzzi et al. 2018, arXiv:1802.05642)."""

    kind: Literal["symplectic_adjustment"] = "symplectic_adjustment"
    weight: float = setting(
        1.0,
        label="Adjustment λ",
        symbol="λ",
        live=True,
        ge=0,
        le=100,
        help="How much of Aᵀv is added: it bends the orbit inwards and leaves what is no rotation alone.",
    )


class Lookahead(_OneEach):
    """k simultaneous rounds, then both players go back part of the way together (Chavdarova et al. 2021, arXiv:2006.14567)."""

    kind: Literal["lookahead"] = "lookahead"
    rounds: int = setting(
        5, label="Rounds ahead k", symbol="k", live=True, ge=1, le=10000, help="Rounds played before going back."
    )
    share: float = setting(
        0.5,
        label="Share kept α",
        symbol="α",
        live=True,
        gt=0,
        le=1,
        help="How much of the way is kept: slow ← slow + α (fast − slow). 1 keeps all: no lookahead.",
    )


class Unrolled(_OneEach):
    """D moves; then G descends the loss that D would inflict after k more gradient steps (Metz et al. 2017,
    arXiv:1611.02163): it sees the answer to its move. The k steps are plain gradient descent, and are then forgotten."""

    kind: Literal["unrolled"] = "unrolled"
    depth: int = setting(
        5, label="Unrolled steps k", symbol="k_u", live=True, ge=0, le=20, help="D's answers that G foresees. 0: alternating."
    )
    inner_rate: float = setting(
        0.1,
        label="Their step size",
        symbol="η_u",
        live=True,
        scale="log",
        gt=0,
        le=10,
        help="Step size of the foreseen gradient steps of D.",
    )


UpdateRule = Annotated[
    Simultaneous | Alternating | Extragradient | Optimistic | Consensus | SymplecticAdjustment | Lookahead | Unrolled,
    Field(discriminator="kind"),
]
CURVED = (Consensus, SymplecticAdjustment, Unrolled)  # rules that need the field's own derivative


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
        help="Every weight matrix of D is divided by its largest singular value (one power iteration per step): slope ≤ 1.",
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
        help="σ halves every so many steps. 0: stays.",
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
        help="G's parameters averaged over about 1/(1 - decay) steps; it calms the orbit out of the picture. 0 turns it off.",
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
        if isinstance(rule, CURVED) and regulariser.spectral == "on":
            raise ValueError(
                f"regulariser.spectral, update_rule: spectral normalisation does not combine with {rule.summary()}, which "
                "differentiates D's own steps. Turn it off, or choose another update rule"
            )
        return self

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

    dimension, pack = config.data.dimension, config.regulariser.packing
    g = config.generator.weights(config.latent.dimension, dimension)
    d = config.discriminator.weights(pack * dimension, 1) / pack
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
    g, d = config.generator.units, 2 * config.discriminator.units
    return 4 * 4 * config.run.batch * max(g, d)


def parse_config(given: JsonValue | bytes) -> GameConfig:
    """A GameConfig from JSON text (bytes) or parsed JSON; raises SettingError naming the first field that does not fit."""
    return parse(GameConfig, given)
