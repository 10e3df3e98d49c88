"""Players as pure functions of a flat parameter vector: one class per kind of network, and `network`, which finds it."""

from __future__ import annotations

from gandash import players
from gandash.game.networks.base import ACTIVATIONS, LEAK, MAXOUT_GAINS, Activation, Masks, Net, initial_layer
from gandash.game.networks.convolution import Convolution
from gandash.game.networks.mlp import MLP
from gandash.game.networks.scalar import LinearNet, PointNet

__all__ = [
    "ACTIVATIONS",
    "LEAK",
    "MAXOUT_GAINS",
    "MLP",
    "Activation",
    "Convolution",
    "LinearNet",
    "Masks",
    "Net",
    "PointNet",
    "initial_layer",
    "network",
]


def network(
    inputs: int,
    outputs: int,
    settings: players.Network | players.Convolutional | players.Point | players.Linear,
    shape: players.Shape | None = None,
) -> Net:
    """The network of these settings; `shape` is that of a picture which it makes or judges, None where the data are points."""
    if isinstance(settings, players.Point):
        return PointNet(outputs, settings)
    if isinstance(settings, players.Linear):
        assert outputs == 1, "only a discriminator is linear"
        return LinearNet(inputs, settings)
    if isinstance(settings, players.Convolutional):
        assert shape is not None, "a convolutional player needs pictures"
        return Convolution(inputs, outputs, settings, shape)
    return MLP(inputs, outputs, settings, bounded=shape is not None and outputs > 1)
