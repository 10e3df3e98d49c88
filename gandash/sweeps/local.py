"""A sweep on one machine: a process for each core, of one thread, and each part to whichever is free.

One that dies is replaced, and its part played again: a part is the same wherever and however often it is played. One that has
cost several processes their lives is given up, and all with it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

from gandash.sweeps.cost import Part
from gandash.sweeps.results import Results
from gandash.words import Said, say

DEATHS = 3  # of processes that one part may cost
WAIT_SECONDS = 0.2  # at most, until it is asked again whether to go on
CLONE = Path(__file__).parents[2]


class SweepFailed(RuntimeError):
    """A part cannot be played: says why. What was played before is kept."""


@dataclass
class Progress:
    """Of one call: games and steps played so far, `seconds` since the first began, whether rounds are being compiled."""

    cells: int = 0
    steps: int = 0
    seconds: float = 0.0
    is_compiling: bool = False

    @property
    def pace(self) -> float:
        """Steps a second of all games."""
        return self.steps / self.seconds if self.seconds else 0.0


class _Player:
    """A process that plays a part at a time."""

    def __init__(self) -> None:
        self.stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed in `end`)
        one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        ways = {"PYTHONPATH": os.pathsep.join(filter(None, [str(CLONE), os.environ.get("PYTHONPATH")]))}
        command = [sys.executable, "-m", "gandash.sweeps.player"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, env=os.environ | one | ways
        )
        self.part: Part | None = None
        self._rest = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    def fileno(self) -> int:
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def ask(self, part: Part, described: dict[str, Any]) -> None:
        """To play this part. One that has died is found out when it is listened to."""
        self.part = part
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(described).encode() + b"\n")
            self._process.stdin.flush()

    def hear(self) -> list[dict[str, Any]] | None:
        """What it has said since; None once it is dead."""
        body = os.read(self.fileno(), 2**16)
        if not body:
            return None
        *lines, self._rest = (self._rest + body).split(b"\n")
        return [json.loads(line) for line in lines]

    def last_words(self) -> str:
        """How it ended, and the last line that it wrote of it."""
        code = self._process.wait()
        self.stderr.seek(0)
        lines = self.stderr.read().decode(errors="replace").strip().splitlines()
        return f"status {code}" + (f": {lines[-1]}" if lines else "")

    def end(self) -> None:
        """At once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def play_missing(
    results: Results,
    processes: int,
    *,
    budget_seconds: float | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
    started: Callable[[Sequence[int]], None] = lambda pids: None,
) -> Generator[Progress]:
    """Play what is missing; what has come of it, again and again, the same object.

    `is_stopping`: no more parts are begun, those in play are finished. `started` is told the processes there are. Raises
    SweepFailed. Closing the iterator ends all processes at once; parts that were in play are then missing.
    """
    coming, deaths = deque(results.missing()), Counter[int]()
    players = [_Player() for _ in range(min(processes, len(coming)))]
    progress, began = Progress(), time.monotonic()
    first: float | None = None  # since when games are played

    def over() -> bool:
        return is_stopping() or (budget_seconds is not None and time.monotonic() - began >= budget_seconds)

    def occupy(player: _Player) -> None:
        if coming and not over():
            part = coming.popleft()
            player.ask(part, results.description(part) | {"number": part.number, "into": str(results.path(part.number))})

    try:
        started([player.pid for player in players])
        for player in players:
            occupy(player)
        while busy := [player for player in players if player.part is not None]:
            heard_of = {player.fileno(): player for player in busy}
            for descriptor in wait([*heard_of], WAIT_SECONDS):
                assert isinstance(descriptor, int)
                player = heard_of[descriptor]
                heard = player.hear()
                if heard is None:
                    players[players.index(player)] = player = _replaced(player, coming, deaths)
                    started([p.pid for p in players])
                    occupy(player)
                    continue
                for said in heard:
                    if "failed" in said:
                        raise SweepFailed(Said.read(said["failed"]))
                    progress.is_compiling = said.get("compiling", False)
                    if not progress.is_compiling:
                        first = first or time.monotonic()
                    if "cell" in said:
                        progress.cells += 1
                        progress.steps += said["steps"]
                    if "part" in said:
                        player.part = None
                        occupy(player)
            progress.seconds = time.monotonic() - (first or time.monotonic())
            yield progress
    finally:
        for player in players:
            player.end()


def _replaced(player: _Player, coming: deque[Part], deaths: Counter[int]) -> _Player:
    """Another process for one that is dead; its part is the next to be played. Raises SweepFailed."""
    part, words = player.part, player.last_words()
    player.end()
    assert part is not None
    deaths[part.number] += 1
    if deaths[part.number] == DEATHS:
        raise SweepFailed(
            say(
                "the processes that played part {part} of the sweep died, {count} times ({problem})",
                part=part.number,
                count=DEATHS,
                problem=words,
            )
        )
    coming.appendleft(part)
    return _Player()
