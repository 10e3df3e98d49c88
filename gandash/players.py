"""Settings of the players: the latent that G is fed, and the networks of both. Knows no torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gandash.settings import Settings, setting


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
