"""Who plays the same game: a plain PyTorch loop, our two engines, and bare matrix products; and how they take turns."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gandash.config import GameConfig, RunConfig, picture_shapes
from gandash.config.data import PicturesConfig
from gandash.config.networks import ConvolutionConfig, LatentConfig, Layer, MLPConfig, Shape
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.game.compiled.engine import Compiled
from gandash.game.game import Streams, build_game
from gandash.game.networks import LEAK, Network
from gandash.game.round import start
from gandash.game.step import train_step

SLICE_SECONDS = 0.05  # how long one rival plays before the next one does


def duel(width: int, batch: int, r1: float = 0.0, seed: int = 0) -> GameConfig:
    """The game that the rivals play: two hidden layers, Adam, one update of each player per round."""
    net = MLPConfig(width=width, depth=2)
    return GameConfig(
        generator=net,
        discriminator=net,
        regulariser=RegulariserConfig(r1=r1),
        update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=1),
        run=RunConfig(batch=batch, seed=seed),
    )


def picture_duel(data: PicturesConfig, channels: int, batch: int, r1: float = 0.0) -> GameConfig:
    """The same game on pictures, between convolutional players."""
    net = ConvolutionConfig(channels=channels)
    config = duel(1, batch, r1)
    return config.model_copy(update={"data": data, "latent": LatentConfig(dimension=8), "generator": net, "discriminator": net})


# --------------------------------------------------------------------------------------------------------------- rivals


class Rival(Protocol):
    """Who takes turns: `round` plays as many rounds as `rounds` says."""

    @property
    def rounds(self) -> int: ...

    def round(self) -> None: ...


MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(LEAK),
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
}


def modules(inputs: int, outputs: int, settings: Any, shape: Shape | None = None) -> nn.Sequential:
    """The same player out of torch's modules, on flat rows."""
    if isinstance(settings, ConvolutionConfig):
        assert shape is not None
        return _convolutions(settings.layers(inputs, outputs, shape), shape, MODULES[settings.activation])
    assert isinstance(settings, MLPConfig)
    layers: list[nn.Module] = []
    for fan_in, fan_out in itertools.pairwise([inputs, *[settings.width] * settings.depth]):
        layers += [nn.Linear(fan_in, fan_out), MODULES[settings.activation]()]
    return nn.Sequential(*layers, nn.Linear(settings.width, outputs))


def _convolutions(layers: list[Layer], shape: Shape, activation: Callable[[], nn.Module]) -> nn.Sequential:
    made: list[nn.Module] = []
    if layers[0].kernel != 1:
        made.append(nn.Unflatten(1, shape))
    for layer in layers:
        if layer.kernel == 4:
            made += [nn.Conv2d(layer.inputs, layer.channels, 4, stride=2, padding=1), activation()]
        elif layer.kernel == 3:
            made += [nn.Upsample(scale_factor=2), nn.Conv2d(layer.inputs, layer.channels, 3, padding=1), activation()]
        elif layer is layers[0]:
            map_shape = (layer.channels, layer.side, layer.side)
            made += [nn.Linear(layer.inputs, layer.outputs), nn.Unflatten(1, map_shape), activation()]
        else:
            made += [nn.Flatten(), nn.Linear(layer.inputs, layer.outputs)]
    return nn.Sequential(*made) if layers[-1].kernel == 1 else nn.Sequential(*made[:-1], nn.Tanh(), nn.Flatten())


class PlainLoop:
    """A non-saturating GAN the way a good tutorial writes it: modules, autograd, fused Adam, and no numbers for any screen.

    Convolutions lie in channels_last, which is faster on a processor.
    """

    rounds = 1

    def __init__(self, config: GameConfig) -> None:
        self.config, game = config, build_game(config)
        self.data, self.latent = game.data, game.latent
        self.random = torch.Generator().manual_seed(config.run.seed)
        shape, _ = picture_shapes(config)
        self.g = modules(self.latent.dimension, self.data.dimension, config.generator, shape)
        self.d = modules(self.data.dimension, 1, config.discriminator, shape)
        if shape is not None:
            self.g.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.d.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.g_optimiser = self._adam(self.g, config.generator_optimiser)
        self.d_optimiser = self._adam(self.d, config.discriminator_optimiser)

    @staticmethod
    def _adam(player: nn.Module, settings: Any) -> torch.optim.Adam:
        assert isinstance(settings, AdamConfig)
        betas = (settings.beta1, settings.beta2)
        return torch.optim.Adam(player.parameters(), settings.learning_rate, betas, settings.epsilon, fused=True)

    def round(self) -> None:
        n = self.config.run.batch
        real, latents = self.data.sample(self.random, n), self.latent.sample(self.random, n)
        fake = self.g(latents)
        self.move_discriminator(real, fake)
        self.move_generator(fake)

    def move_discriminator(self, real: Tensor, fake: Tensor) -> None:
        gamma = self.config.regulariser.r1
        real.requires_grad_(gamma > 0)
        real_logits = self.d(real)
        loss = F.softplus(-real_logits).mean() + F.softplus(self.d(fake.detach())).mean()
        if gamma > 0:
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            loss = loss + gamma / 2 * slope.square().sum(1).mean()
        self.d_optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.d_optimiser.step()

    def move_generator(self, fake: Tensor) -> None:
        loss = F.softplus(-self.d(fake)).mean()
        self.g_optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.g_optimiser.step()


class Engine:
    """Our step with all that a game that is watched takes from it: the metrics, the other loss's gradient, the average of G."""

    rounds = 1

    def __init__(self, *configs: GameConfig) -> None:
        self.game, self.streams = build_game(*configs), Streams([c.run.seed for c in configs])
        self.state = start(self.game, self.streams)

    def round(self) -> None:
        self.state, self.metrics = train_step(self.game, self.state, self.streams)


class CompiledEngine:
    """The same by compiled code, as many rounds a call as a live run has between two measurements."""

    rounds = 20

    def __init__(self, *configs: GameConfig, threads: int = 1) -> None:
        game, seeds = build_game(*configs), [c.run.seed for c in configs]
        self.engine = Compiled(game, seeds, start(game, Streams(seeds)), threads)

    def round(self) -> None:
        self.metrics = self.engine.play(self.rounds)


class Products:
    """The matrix products of such a round alone, each into memory of its own: the least time that a round can take."""

    rounds = 1

    def __init__(self, config: GameConfig) -> None:
        game, n = build_game(config), config.run.batch
        g, d = game.generator.network, game.discriminator.network
        shapes = [
            *_forward(g, n),
            *_forward(d, 2 * n) + _backward(d, 2 * n) + _gradient(d, 2 * n),
            *_forward(d, n) + _backward(d, n) + [(d.layers[0][0], d.layers[0][1], n)],  # back to x
            *_backward(g, n) + _gradient(g, n),
        ]
        self.pairs = [(torch.randn(a, b), torch.randn(b, c), torch.empty(a, c)) for a, b, c in shapes]

    def round(self) -> None:
        for a, b, out in self.pairs:
            torch.mm(a, b, out=out)


Shapes = list[tuple[int, int, int]]


def _forward(net: Network, n: int) -> Shapes:
    return [(fan_out, fan_in, n) for fan_in, fan_out in net.layers]


def _backward(net: Network, n: int) -> Shapes:
    return [(fan_in, fan_out, n) for fan_in, fan_out in net.layers[1:]]


def _gradient(net: Network, n: int) -> Shapes:
    return [(fan_in, n, fan_out) for fan_in, fan_out in net.layers]


def race(rivals: Sequence[Rival], seconds: float, clock: Callable[[], float] | None = None) -> list[float]:
    """Seconds per round of each, the median over slices in which they take turns; `seconds` in all.

    By the time that this process spends on processors, unless another `clock` is given. All rivals but one with `threads` keep
    to one thread, so that these are the seconds of a machine with nothing else to do.
    """
    clock = clock or time.process_time
    slices: list[list[float]] = [[] for _ in rivals]
    for rival in rivals:
        rival.round()  # the first round allocates what later ones use again
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not slices[0]:
        for rival, times in zip(rivals, slices, strict=True):
            rounds, began = 0, clock()
            while (now := clock()) < began + SLICE_SECONDS:
                rival.round()
                rounds += rival.rounds
            times.append((now - began) / rounds)
    return [statistics.median(times) for times in slices]
