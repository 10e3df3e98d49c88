"""How fast it is, in ratios measured within one run: beside a plain PyTorch loop, beside bare matrix products, watched or not.

Rivals take turns in short slices and the median slice counts, so that whatever else the machine does meets them all. Absolute
times belong to this machine and this minute; the ratios travel better.
"""

from __future__ import annotations

import itertools
import queue
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gandash.config import GameConfig, RunConfig, picture_shapes
from gandash.config.data import BarsConfig, PicturesConfig
from gandash.config.networks import ConvolutionConfig, LatentConfig, Layer, MLPConfig, Shape
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.game.game import Streams, build_game
from gandash.game.networks import LEAK, Network
from gandash.game.round import start
from gandash.game.step import train_step
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.server.forkserver import Spawned
from gandash.server.process import WorkerProcess
from gandash.wire.frame import unpack
from gandash.wire.messages import FRAME, METRICS, Event, Refused, SendFrame, Set, Start, Started, StatusChanged
from gandash.worker.observer import COLUMNS
from gandash.worker.trajectory import be_reproducible

SLICE_SECONDS = 0.05  # how long one rival plays before the next one does
PATIENCE_SECONDS = 60.0  # for a worker to answer

MEMBERS = 64  # of the population
CHANGES = 50  # of learning rate

T = TypeVar("T")


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
    """A non-saturating GAN the way a good tutorial writes it: modules, autograd, fused Adam, and no numbers for any screen."""

    def __init__(self, config: GameConfig) -> None:
        self.config, game = config, build_game(config)
        self.data, self.latent = game.data, game.latent
        self.random = torch.Generator().manual_seed(config.run.seed)
        shape, _ = picture_shapes(config)
        self.g = modules(self.latent.dimension, self.data.dimension, config.generator, shape)
        self.d = modules(self.data.dimension, 1, config.discriminator, shape)
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

    def __init__(self, *configs: GameConfig) -> None:
        self.game, self.streams = build_game(*configs), Streams([c.run.seed for c in configs])
        self.state = start(self.game, self.streams)

    def round(self) -> None:
        self.state, self.metrics = train_step(self.game, self.state, self.streams)


class Products:
    """The matrix products of such a round alone, each into memory of its own: the least time that a round can take."""

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


def race(rivals: Sequence[PlainLoop | Engine | Products], seconds: float) -> list[float]:
    """Seconds of CPU per round of each, the median over slices in which they take turns; `seconds` in all.

    All of them keep to one thread, so that these are the seconds on the clock of a machine with nothing else to do.
    """
    slices: list[list[float]] = [[] for _ in rivals]
    for rival in rivals:
        rival.round()  # the first round allocates what later ones use again
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not slices[0]:
        for rival, times in zip(rivals, slices, strict=True):
            rounds, began = 0, time.thread_time()
            while (now := time.thread_time()) < began + SLICE_SECONDS:
                rival.round()
                rounds += 1
            times.append((now - began) / rounds)
    return [statistics.median(times) for times in slices]


# --------------------------------------------------------------------------------------------------------- a live worker


class NothingToMeasure(RuntimeError):
    """A worker that ended, refused or fell silent."""


@dataclass(frozen=True)
class Arrival:
    """Metrics that reached the viewer: when, up to which step, and the generator's learning rates they were played with."""

    seconds: float
    step: int
    learning_rates: frozenset[float]


class Viewer:
    """A worker's owner without a page: takes what arrives, and while `watching` asks for a frame as soon as one came."""

    def __init__(self) -> None:
        self.watching = False
        self.frames = 0
        self._last_word = "it said nothing"
        self._started: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()

    def on_event(self, worker: WorkerProcess, event: Event) -> None:
        match event:
            case Started():
                self._started.put(True)
            case Refused(message=message):
                self._last_word = f"it refused: {message}"
            case StatusChanged(status=status, reason=reason):
                self._last_word = f"it is {status}. {reason}".strip()

    def on_exit(self, worker: WorkerProcess, reason: str) -> None:
        self._last_word = f"it ended: {reason}"

    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if kind == FRAME:
            self.frames += 1
            if self.watching:
                worker.send(SendFrame())
        elif kind == METRICS:
            _, arrays = unpack(body)
            rates = arrays["rows"][:, COLUMNS.index("learning_rate_g")].tolist()
            self._arrivals.put(Arrival(now, int(arrays["step"][-1]), frozenset(rates)))

    def wait_for_start(self) -> None:
        """Raises NothingToMeasure."""
        self._take(self._started)

    def arrival(self) -> Arrival:
        """The next metrics. Raises NothingToMeasure."""
        return self._take(self._arrivals)

    def forget_arrivals(self) -> None:
        while not self._arrivals.empty():
            self._arrivals.get_nowait()

    def _take(self, what: queue.SimpleQueue[T]) -> T:
        try:
            return what.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise NothingToMeasure(f"the worker sent nothing for {PATIENCE_SECONDS:g} s; {self._last_word}") from None


@contextmanager
def playing(config: GameConfig) -> Iterator[tuple[WorkerProcess, Viewer]]:
    """A worker process that plays this game at full speed. Raises NothingToMeasure."""
    with tempfile.TemporaryDirectory(prefix="gandash-bench-") as directory:
        worker, viewer = WorkerProcess(Spawned()), Viewer()
        try:
            worker.give_to(viewer)
            worker.send(Start(generation=1, configs=(config,), directory=directory, playing=True))
            viewer.wait_for_start()
            yield worker, viewer
        finally:
            worker.end()
            worker.wait()


def pace(viewer: Viewer, seconds: float) -> float:
    """Steps per second, from one arrival of metrics to another at least `seconds` later."""
    viewer.forget_arrivals()
    first = last = viewer.arrival()
    while last is first or last.seconds < first.seconds + seconds:
        last = viewer.arrival()
    return (last.step - first.step) / (last.seconds - first.seconds)


def paces(config: GameConfig, seconds: float) -> tuple[float, float, float]:
    """Steps per second unwatched and watched, and frames per second watched: medians over slices that take turns."""
    length = min(1.0, seconds / 4)
    unwatched, watched, frames = [], [], []
    with playing(config) as (worker, viewer):
        pace(viewer, length)  # the first second warms up
        for _ in range(max(1, round(seconds / (2 * length)))):
            viewer.watching = False
            unwatched.append(pace(viewer, length))
            viewer.watching = True
            worker.send(SendFrame())
            began, before = time.perf_counter(), viewer.frames
            watched.append(pace(viewer, length))
            frames.append((viewer.frames - before) / (time.perf_counter() - began))
    return statistics.median(unwatched), statistics.median(watched), statistics.median(frames)


def reactions(config: GameConfig, changes: int) -> list[float]:
    """Seconds from sending a change of G's learning rate until metrics of a step that used it have arrived; with a viewer.

    The changes come at random moments of the worker's rhythm.
    """
    rate, moments, found = config.generator_optimiser.learning_rate, random.Random(0), []
    with playing(config) as (worker, viewer):
        viewer.watching = True
        worker.send(SendFrame())
        viewer.arrival()
        for i in range(changes):
            time.sleep(moments.uniform(0.02, 0.08))
            new = rate * (0.9 if i % 2 == 0 else 1.0)
            viewer.forget_arrivals()
            began = time.perf_counter()
            worker.send(Set(path="generator_optimiser.learning_rate", value=new))
            while float(np.float32(new)) not in (arrival := viewer.arrival()).learning_rates:
                pass
            found.append(arrival.seconds - began)
    return found


# -------------------------------------------------------------------------------------------------------------- figures


@dataclass(frozen=True)
class Figure:
    """One measured number: what it is in words, the value wanted (None: none), and what it was computed from."""

    name: str
    value: float
    wanted: str | None
    text: str
    measured: dict[str, Any]


def figures(preset: Preset, seconds: float) -> Iterator[Figure]:
    """All figures, one by one as they are measured, each within about `seconds`. Raises NothingToMeasure."""
    be_reproducible()
    for width, batch, r1, wanted in ((64, 256, 0.0, "1.5"), (14, 150, 0.0, "2"), (64, 256, 0.7, None), (14, 150, 0.7, None)):
        yield _against_plain(duel(width, batch, r1), seconds, wanted and f"at least {wanted}")
    yield _against_plain(picture_duel(BarsConfig(), 16, 64), seconds, "at least 1.2")
    yield _population(seconds)
    yield _limit(seconds)
    yield _watched(preset, seconds)
    yield _reaction(preset, CHANGES)


def _against_plain(config: GameConfig, seconds: float, wanted: str | None) -> Figure:
    net, batch, r1 = config.generator, config.run.batch, config.regulariser.r1
    assert isinstance(net, MLPConfig | ConvolutionConfig)
    engine, plain = race([Engine(config), PlainLoop(config)], seconds)
    size = f"{net.depth}x{net.width}" if isinstance(net, MLPConfig) else f"pictures_{net.channels}"
    data = f"{config.data.summary()}, " if isinstance(config.data, PicturesConfig) else ""
    game = f"{data}{net.summary()}, batch {batch}" + (f", R1 {r1:g}" if r1 else "")
    return Figure(
        f"plain_{size}" + ("_r1" if r1 else ""),
        plain / engine,
        wanted,
        f"times the plain loop's steps per second: {game} ({1 / engine:.0f} : {1 / plain:.0f})",
        {"engine_seconds": engine, "plain_seconds": plain},
    )


def _population(seconds: float) -> Figure:
    configs = [duel(32, 128, seed=seed) for seed in range(MEMBERS)]
    engine, plain = race([Engine(*configs), PlainLoop(configs[0])], seconds)
    return Figure(
        "population",
        MEMBERS * plain / engine,
        "at least 8",
        f"times the plain loop's steps per second: {MEMBERS} games of 2 × 32 ReLU, batch 128, played together",
        {"engine_seconds": engine, "plain_seconds": plain, "members": MEMBERS},
    )


def _limit(seconds: float) -> Figure:
    config = duel(64, 256)
    engine, products = race([Engine(config), Products(config)], seconds)
    return Figure(
        "limit",
        engine / products,
        None,
        "times as long as the bare matrix products of the same step (2 × 64 ReLU, batch 256)",
        {"engine_seconds": engine, "products_seconds": products},
    )


def _watched(preset: Preset, seconds: float) -> Figure:
    unwatched, watched, frames = paces(preset.config, seconds)
    return Figure(
        "watched",
        watched / unwatched,
        "at least 0.85" if preset is DEFAULT else None,
        f"of the unwatched pace with one viewer at full rate: {preset.name} ({watched:.0f} : {unwatched:.0f} steps per second, "
        f"{frames:.0f} frames)",
        {"unwatched_steps_per_second": unwatched, "watched_steps_per_second": watched, "frames_per_second": frames},
    )


def _reaction(preset: Preset, changes: int) -> Figure:
    found = np.array(reactions(preset.config, changes)) * 1000
    return Figure(
        "reaction",
        float(np.percentile(found, 95)),
        "at most 150",
        f"ms from a change of learning rate to the metrics of its first step, 95th percentile of {changes}: {preset.name} "
        f"(median {np.median(found):.0f})",
        {"median_ms": float(np.median(found)), "longest_ms": float(found.max()), "changes": changes},
    )
