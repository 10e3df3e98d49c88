"""Settings of the players: the latent that G is fed, and the networks of both. Knows no torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from gandash.config.setting import Settings, setting
from gandash.words import Said, listed, say


class LatentConfig(Settings):
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
        return listed(say(self.kind), Said(str(self.dimension)))


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
Initialisation = Literal["uniform", "he", "xavier", "orthogonal", "normal"]
Normalisation = Literal["none", "batch", "layer"]
Shape = tuple[int, int, int]  # (channels, height, width) of a picture


def _normalisation(within: str) -> Any:
    return setting(
        "none",
        label="Normalisation",
        choices=NORMALISATIONS,
        help="Batch norm centres and scales each unit over the batch, always over the batch at hand: D sees real and generated "
        f"ones apart. Layer norm does it within each {within}.",
    )


def _initialisation() -> Any:
    return setting(
        "uniform",
        label="Initialisation",
        choices=INITIALISATIONS,
        help="How the weights start; it decides how wide p_g and how steep D are at step 0.",
    )


def _spread() -> Any:
    return setting(
        0.02,
        label="Initial spread",
        gt=0,
        le=2,
        help="Standard deviation of the first weights; used by the normal initialisation alone.",
    )


def _gain() -> Any:
    return setting(
        1.0,
        label="Orthogonal gain",
        gt=0,
        le=10,
        help="All singular values of the first weights; used by the orthogonal initialisation alone.",
    )


def _said_of_layers(settings: MLPConfig | ConvolutionConfig) -> list[Said]:
    """Normalisation and initialisation in words, where they are not the defaults."""
    said = [] if settings.normalisation == "none" else [say(NORMALISATIONS[settings.normalisation])]
    if isinstance(settings, MLPConfig) and settings.dropout:
        said.append(say("dropout {share}", share=f"{settings.dropout:g}"))
    if settings.initialisation == "normal":
        said.append(Said(f"N(0, {settings.spread:g}²)"))
    elif settings.initialisation != "uniform":
        name = INITIALISATIONS[settings.initialisation].split(" (")[0]
        scaled = name == "orthogonal" and settings.gain != 1
        said.append(say("{name} × {gain}", name=say(name), gain=f"{settings.gain:g}") if scaled else say(name))
    return said


class MLPConfig(Settings):
    """A multilayer perceptron: `depth` hidden layers of `width` units."""

    kind: Literal["mlp"] = "mlp"
    width: int = setting(
        64,
        label="Width",
        scale="log",
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
    normalisation: Normalisation = _normalisation("sample")
    dropout: float = setting(
        0.0,
        label="Dropout",
        ge=0,
        le=0.9,
        help="Share of hidden units silenced at random in each training pass, never in a picture. 0 turns it off.",
    )
    initialisation: Initialisation = _initialisation()
    spread: float = _spread()
    gain: float = _gain()

    @property
    def lines(self) -> int:
        """Linear functions per hidden unit: one, or maxout's pieces."""
        return self.pieces if self.activation == "maxout" else 1

    def weights(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Weights that multiply something: what a pass costs per sample."""
        return self.lines * self.width * (inputs + (self.depth - 1) * self.width) + self.width * outputs

    def units(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that a forward pass keeps per sample."""
        linear = self.lines * (2 if self.normalisation != "none" else 1)
        return self.depth * self.width * (linear + (self.activation == "maxout") + (self.dropout > 0))

    def parameters(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that the player is made of: weights, biases, and gain and shift of each normalised line."""
        added = 1 if self.normalisation == "none" else 3
        return self.weights(inputs, outputs) + added * self.depth * self.lines * self.width + outputs

    def summary(self) -> str:
        activation = say(ACTIVATIONS[self.activation])
        if self.activation == "maxout":
            activation = say("{activation} of {pieces}", activation=activation, pieces=self.pieces)
        layers = say("{depth} × {width} {activation}", depth=self.depth, width=self.width, activation=activation)
        return listed(layers, *_said_of_layers(self))


class Layer(NamedTuple):
    """One layer of a convolutional player: from `inputs` to `channels` maps of `side` x `side` numbers.

    `kernel` is the side of the window that a weight belongs to: 4 where the map is halved, 3 where it is doubled, 1 where the
    layer is linear: then `inputs` are single numbers.
    """

    kernel: int
    inputs: int
    channels: int
    side: int

    @property
    def outputs(self) -> int:
        """Numbers in the maps that it makes."""
        return self.channels * self.side**2

    @property
    def fan_in(self) -> int:
        return self.inputs * self.kernel**2

    @property
    def fan_out(self) -> int:
        """Columns of its matrix `(fan_in, fan_out)`, and biases."""
        return self.outputs if self.kernel == 1 else self.channels

    @property
    def products(self) -> int:
        """Multiplications per sample. Among 3 x 3 numbers of a doubled map only 2 x 2 differ, and no more is multiplied."""
        window = 4 if self.kernel == 3 else self.kernel**2
        return self.outputs * self.inputs * window


class ConvolutionConfig(Settings):
    """A pair for pictures after DCGAN (Radford et al. 2015, arXiv:1511.06434): D halves the picture by convolutions, G doubles.

    D: 4 x 4 convolutions of stride 2, each with twice the channels, down to a map of 4 x 4 (7 x 7 from 28), then one linear
    output. G: linear from z to the smallest map, then nearest-neighbour doubling and a 3 x 3 convolution, each with half the
    channels, and tanh last; doubling before convolving leaves no checkerboard (Odena et al. 2016, doi:10.23915/distill.00003).
    DCGAN uses transposed convolutions instead. Every hidden layer is normalised, also D's first, which DCGAN leaves out.
    """

    kind: Literal["convolutional"] = "convolutional"
    channels: int = setting(
        16,
        label="Channels",
        scale="log",
        ge=4,
        le=128,
        help="Maps in the layer next to the picture; each halving of the picture doubles them. More is stronger and dearer.",
    )
    activation: Literal["relu", "leaky_relu", "tanh", "silu"] = setting(
        "leaky_relu",
        label="Activation",
        choices={name: word for name, word in ACTIVATIONS.items() if name != "maxout"},
        help="ReLU kinds draw D from straight pieces; tanh and SiLU draw it smooth. Plain ReLU units can die for good.",
    )
    normalisation: Normalisation = _normalisation("picture, over all maps at once")
    initialisation: Initialisation = _initialisation()
    spread: float = _spread()
    gain: float = _gain()

    def layers(self, inputs: int, outputs: int, shape: Shape) -> list[Layer]:
        """From input to output: those of a discriminator where there is one output, of a generator where there are as many as
        numbers in a picture of this `shape`.
        """
        sides = [shape[1]]
        while sides[-1] > 7 and sides[-1] % 2 == 0:
            sides.append(sides[-1] // 2)
        widths = [shape[0], *(self.channels * 2**i for i in range(len(sides) - 1))]
        if outputs == 1:
            halving = [Layer(4, widths[i], widths[i + 1], sides[i + 1]) for i in range(len(sides) - 1)]
            return [*halving, Layer(1, widths[-1] * sides[-1] ** 2, 1, 1)]
        doubling = [Layer(3, widths[i + 1], widths[i], sides[i]) for i in reversed(range(len(sides) - 1))]
        return [Layer(1, inputs, widths[-1], sides[-1]), *doubling]

    def weights(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Multiplications that a pass costs per sample: a weight of a convolution once for every position."""
        return sum(layer.products for layer in self._layers(inputs, outputs, shape))

    def units(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that a forward pass keeps per sample."""
        *hidden, _ = self._layers(inputs, outputs, shape)
        return (2 if self.normalisation != "none" else 1) * sum(layer.outputs for layer in hidden) + inputs + outputs

    def parameters(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that the player is made of: weights, biases, and gain and shift of each normalised map."""
        layers = self._layers(inputs, outputs, shape)
        scales = 0 if self.normalisation == "none" else 2 * sum(layer.channels for layer in layers[:-1])
        return sum((layer.fan_in + 1) * layer.fan_out for layer in layers) + scales

    def _layers(self, inputs: int, outputs: int, shape: Shape | None) -> list[Layer]:
        assert shape is not None, "a convolutional player needs pictures"
        return self.layers(inputs, outputs, shape)

    def summary(self) -> str:
        channels = say("{count} channels", count=self.channels)
        return listed(say("convolutional"), channels, say(ACTIVATIONS[self.activation]), *_said_of_layers(self))


class PointConfig(Settings):
    """A generator of one sample: G(z) = θ, whatever z (the Dirac-GAN of Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406)."""

    kind: Literal["point"] = "point"
    start: float = setting(1.0, label="Start θ", ge=-10, le=10, help="Where G puts its one sample at step 0.")

    def weights(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Weights that multiply something: none."""
        return 0

    def units(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that a forward pass keeps per sample."""
        return 1

    def parameters(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Where it is: its only numbers."""
        return outputs

    def summary(self) -> str:
        return say("point θ, from {start}", start=f"{self.start:g}")


class LinearConfig(Settings):
    """A discriminator without bias: a(x) = ψ · x before the sigmoid (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406)."""

    kind: Literal["linear"] = "linear"
    start: float = setting(1.0, label="Start ψ", ge=-10, le=10, help="D's slope at step 0, the same along each axis.")

    def weights(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Weights that multiply something: what a pass costs per sample."""
        return inputs * outputs

    def units(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Numbers that a forward pass keeps per sample."""
        return 1

    def parameters(self, inputs: int, outputs: int, shape: Shape | None = None) -> int:
        """Its slope along each axis."""
        return inputs * outputs

    def summary(self) -> str:
        return say("linear ψ · x, from {start}", start=f"{self.start:g}")


def mlp_unless_said(given: Any) -> Any:
    """A network without a kind is an MLP: files from before there were other kinds name none."""
    return {"kind": "mlp", **given} if isinstance(given, dict) else given


GeneratorConfig = Annotated[
    MLPConfig | ConvolutionConfig | PointConfig, Field(discriminator="kind"), BeforeValidator(mlp_unless_said)
]
DiscriminatorConfig = Annotated[
    MLPConfig | ConvolutionConfig | LinearConfig, Field(discriminator="kind"), BeforeValidator(mlp_unless_said)
]
