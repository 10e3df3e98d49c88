"""The process beside a training loop of somebody's own: measures what it is sent of the loop, and records it.

It is a process and no thread of the loop's: random streams, gradient modes and batch statistics of that process cannot be
touched from here, its interpreter is not waited for, and where all cores are busy the loop goes first.

What comes first through the pipe is unpickled, once: players and settings, from the very program that has started this one and
from nobody else. All that follows is numbers (`piped.Look`).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import IO

import cloudpickle  # type: ignore[import-untyped]
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from gandash.config import GameConfig, picture_shapes
from gandash.diagnostics.verdict import Verdict
from gandash.game.distributions import DrawnLatent, Latent
from gandash.game.given import Given
from gandash.game.networks import ModuleNetwork, Network, UnfitModule
from gandash.game.objectives import Objective
from gandash.game.round import METRICS
from gandash.headless.loop_data import Latents, Range
from gandash.headless.modesty import give_way
from gandash.headless.piped import END, Look, receive, send
from gandash.wire.browser import VerdictKind
from gandash.wire.messages import Recording
from gandash.words import finished, say
from gandash.worker.games import Games
from gandash.worker.recording import Recorder
from gandash.worker.trajectory import Trajectory, be_reproducible

JSD_SECONDS = 1.0  # where it is dear, as far apart as it is read
FLUSH_SECONDS = 1.0
WORDS = "a training loop of one's own"
OUTPUTS = ("logits", "probabilities", "scores")


@dataclass(frozen=True)
class Begun:
    """What is watched: see `gandash.watch`."""

    config: GameConfig
    generator: nn.Module
    discriminator: nn.Module
    output: str
    latents: Latents
    range: Range | None
    objective: Objective | None
    place: Recording


class _InOwnUnits(nn.Module):
    """A player on pictures from -1 to 1, of a loop in which black and white are other numbers."""

    def __init__(self, module: nn.Module, known: Range, makes: bool) -> None:
        super().__init__()
        self.module, self._makes = module, makes
        self._low, self._half = known[0], (known[1] - known[0]) / 2

    def forward(self, x: Tensor) -> Tensor:
        if self._makes:
            made: Tensor = (self.module(x) - self._low) / self._half - 1
            return made
        judged: Tensor = self.module((x + 1) * self._half + self._low)
        return judged


class _Logits(nn.Module):
    """A discriminator that gives probabilities, by what they are the logistic function of."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        return torch.logit(self.module(x).float(), eps=1e-6)


class Unwatchable(ValueError):
    """Players that cannot be watched: the setting, and why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name, self.why = name, why


def _network(name: str, module: nn.Module, begun: Begun) -> ModuleNetwork:
    makes = name == "generator"
    shape = picture_shapes(begun.config)[0]
    dimension = begun.config.data.dimension
    module = module.float()
    if begun.range is not None and begun.range != (-1.0, 1.0):
        module = _InOwnUnits(module, begun.range, makes)
    if not makes and begun.output == "probabilities":
        module = _Logits(module)
    inputs, outputs = (begun.latents.dimension, dimension) if makes else (dimension, 1)
    try:
        return ModuleNetwork(module, inputs, outputs, shape, begun.latents.shape if makes else None, of_a_loop=True)
    except UnfitModule as error:
        raise Unwatchable(name, str(error)) from None


class Watcher:
    """Of one loop. Raises Unwatchable."""

    def __init__(self, begun: Begun, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        drawn = begun.latents.drawn
        self._networks = {name: _network(name, getattr(begun, name), begun) for name in ("generator", "discriminator")}
        networks: dict[str, Network] = dict(self._networks)
        latent: Latent | None = None if drawn is None else DrawnLatent(drawn)
        if latent is None and begun.latents.dimension != begun.config.latent.dimension:
            latent = Latent.wide(begun.latents.dimension)
        self._trajectory = Trajectory(
            begun.config, "torch", Given(**networks, objective=begun.objective, latent=latent, loop=WORDS)
        )
        self._games = Games([self._trajectory])
        (self._observer,) = self._games.observers
        self._recorder = Recorder(begun.place, self._games, clock, picture_seconds=0.0, picture_share=1.0)
        self._known = np.full(len(METRICS), np.nan, dtype=np.float32)
        self._jsd_due = self._flush_due = clock()
        self._pace = 0.0
        self._seconds = 0.0
        self._broken, self._is_shown_broken = "", False
        self._expect()
        self._recorder.begin(self._games)
        self._look()

    def take(self, look: Look) -> None:
        """The loop has come to this."""
        step, rounds = self._trajectory.step, len(look.losses)
        if look.step > step:
            self._pace = (look.step - step) / max(look.seconds - self._seconds, 1e-3)
        self._seconds = look.seconds
        finite = [np.isfinite(row).all() for row in (look.generator, look.discriminator)]
        losses = torch.from_numpy(look.losses.astype(np.float32))
        while rounds:  # an observer holds so many rows
            some = min(rounds, self._observer.free_rows)
            rounds -= some
            step += some
            self._to(step, look if not rounds and all(finite) else None)
            rows = torch.from_numpy(self._known).repeat(some, 1)
            if not rounds and all(finite):
                self._expect(is_read=self._clock() >= self._jsd_due)
                rows[-1] = torch.from_numpy(self._known)
            of_loop = len(losses) - rounds
            rows[:, :2] = losses[of_loop - some : of_loop]
            self._observer.follow(rows)
            if not rounds and all(finite):
                self._observer.measure_last(with_jsd=False)
            self._recorder.rows(self._games, self._games.drain())
        if all(finite):
            self._broken = ""
            self._observer.renew_verdict()
            self._recorder.renew_verdicts(self._games)
        elif not self._broken:
            self._diverged(step, [name for name, is_fine in zip("GD", finite, strict=True) if not is_fine])
            self._is_shown_broken = False
        if not (self._broken and self._is_shown_broken):  # one picture says it
            self._is_shown_broken = self._look()
        if self._clock() >= self._flush_due:
            self._recorder.flush()
            self._flush_due = self._clock() + FLUSH_SECONDS

    def _to(self, step: int, look: Look | None) -> None:
        state = replace(self._trajectory.state, step=step)
        if look is not None:
            theta, phi = (torch.from_numpy(row)[None] for row in (look.generator, look.discriminator))
            state = replace(state, theta=theta, average=theta, phi=phi, phi_effective=phi)
            for network, modes in zip(self._networks.values(), (look.generator_modes, look.discriminator_modes), strict=True):
                _set_modes(network.module, modes)
        self._trajectory.state = state

    def _expect(self, is_read: bool = True) -> None:
        """What rows have beside both losses: means over as many samples as a measurement takes, until the next."""
        found = self._observer.measurement(with_jsd=is_read).expectations
        self._known = np.array([found.get(name, np.nan) for name in METRICS], dtype=np.float32)
        if is_read:
            self._jsd_due = self._clock() + JSD_SECONDS

    def _diverged(self, step: int, players: list[str]) -> None:
        self._broken = f"Parameters of {' and '.join(players)} are no longer finite numbers by step {step:,}."
        self._observer.verdict = Verdict(VerdictKind.DIVERGED, say("Diverged"), finished(self._broken))
        self._recorder.diverged({0: self._broken}, step)

    def _look(self, is_last: bool = False) -> bool:
        def picture() -> bytes:
            return self._games.picture(0, self._pace, hurried=True, with_jsd=False)

        return self._recorder.look(self._games, picture, is_last=is_last)

    @property
    def problem(self) -> str:
        """Why it is no longer recorded."""
        return self._recorder.problem

    def close(self) -> None:
        if not self._broken:
            self._look(is_last=True)  # what the loop came to is shown, however soon after the picture before
        self._recorder.flush()
        self._recorder.close(None)


def _set_modes(module: nn.Module, modes: NDArray[np.uint8]) -> None:
    """As they are in the loop, but dropout, which is measured as everybody evaluates it: turned off."""
    own = [part for part in module.modules() if not isinstance(part, _InOwnUnits | _Logits)]
    for part, is_training in zip(own, modes.tolist(), strict=True):
        part.training = bool(is_training) and not isinstance(part, _DropoutNd)


def serve(source: IO[bytes], answers: IO[bytes]) -> None:
    """Watch until nothing more comes."""
    body = receive(source)
    if body == END:
        return
    try:
        # To unpickle is to run what the bytes say. These are the classes of the program that has started this process, which
        # may stand in no file (a notebook's cell), and it alone holds the other end of the pipe
        watcher = Watcher(cloudpickle.loads(body))
    except Unwatchable as error:
        send(answers, json.dumps(["refused", error.name, error.why]).encode())
        return
    give_way()  # now that nobody waits for it
    with suppress(OSError):  # the loop may be gone; what it has sent is recorded all the same
        send(answers, json.dumps(["ready", watcher.problem]).encode())
    while (body := receive(source)) != END:
        watcher.take(Look.of(body))
        with suppress(OSError):
            send(answers, json.dumps(["ready", watcher.problem]).encode())
    watcher.close()
    with suppress(OSError):
        send(answers, json.dumps(["closed", watcher.problem]).encode())


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a module prints is no answer
    be_reproducible()
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
