"""Players as pure functions of a flat parameter vector: one class per kind of network, and `build_network`, which finds it."""

from __future__ import annotations

from gandash.config.networks import ConvolutionConfig, LinearConfig, MLPConfig, PointConfig, Shape
from gandash.game.networks.base import ACTIVATIONS, LEAK, MAXOUT_GAINS, Activation, Masks, Network, initial_layer
from gandash.game.networks.convolution import Convolution
from gandash.game.networks.mlp import MLP
from gandash.game.networks.module import ModuleNetwork, UnfitModule
from gandash.game.networks.scalar import LinearNetwork, PointNetwork

__all__ = [
    "ACTIVATIONS",
    "LEAK",
    "MAXOUT_GAINS",
    "MLP",
    "Activation",
    "Convolution",
    "LinearNetwork",
    "Masks",
    "ModuleNetwork",
    "Network",
    "PointNetwork",
    "UnfitModule",
    "build_network",
    "initial_layer",
]


def build_network(
    inputs: int,
    outputs: int,
    settings: MLPConfig | ConvolutionConfig | PointConfig | LinearConfig,
    shape: Shape | None = None,
) -> Network:
    """The network of these settings; `shape` is that of a picture which it makes or judges, None where the data are points."""
    if isinstance(settings, PointConfig):
        return PointNetwork(outputs, settings)
    if isinstance(settings, LinearConfig):
        assert outputs == 1, "only a discriminator is linear"
        return LinearNetwork(inputs, settings)
    if isinstance(settings, ConvolutionConfig):
        assert shape is not None, "a convolutional player needs pictures"
        return Convolution(inputs, outputs, settings, shape)
    return MLP(inputs, outputs, settings, bounded=shape is not None and outputs > 1)
