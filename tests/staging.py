"""The worker's loop without a process: channels in memory, and a clock that moves only when the loop waits."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gandash.config import GameConfig
from gandash.wire.frame import unpack
from gandash.wire.messages import EVENT, FRAME, METRICS, Command, Event, Start, Status, StatusChanged, event_adapter
from gandash.worker.loop import Loop
from gandash.worker.share import Clocks


class Stage:
    """Plays the parent: a script of (time, command), a fake clock, and a record of all that comes back.

    The clock moves on when the loop waits, and by `step_seconds` with every look at it, as if a round took that long.
    """

    def __init__(self, directory: Path, config: GameConfig, step_seconds: float = 0.0) -> None:
        self.directory, self.config, self.step_seconds = directory, config, step_seconds
        self.now = 100.0
        self.script: list[tuple[float, Command | Callable[[], None] | None]] = []
        self.sent: list[tuple[float, bytes, bytes]] = []
        self.on_packet: Callable[[bytes], Command | None] = lambda kind: None
        self._answers: list[Command] = []
        self.loop = Loop(self, self._send, Clocks(self._clock, lambda: self.now))  # type: ignore[arg-type]

    # the inbox
    def get_nowait(self) -> Command | None:
        if self._answers:
            return self._answers.pop(0)
        while self.script and self.script[0][0] <= self.now:
            entry = self.script.pop(0)[1]
            if not callable(entry):
                return entry
            entry()
        raise queue.Empty

    def get(self, timeout: float) -> Command | None:
        assert timeout > 0
        try:
            return self.get_nowait()
        except queue.Empty:
            until = self.now + timeout
            if self.script and self.script[0][0] <= until:
                self.now = max(self.now, self.script[0][0])
                return self.get_nowait()
            self.now = until
            raise

    def _clock(self) -> float:
        self.now += self.step_seconds
        return self.now

    def _send(self, kind: bytes, body: bytes) -> None:
        self.sent.append((self.now, kind, body))
        if (answer := self.on_packet(kind)) is not None:
            self._answers.append(answer)

    # the parent
    def start(self, **given: Any) -> Start:
        return Start(**({"generation": 1, "configs": (self.config,), "directory": str(self.directory)} | given))

    def play(self, *script: tuple[float, Command | Callable[[], None] | None], begin: bool = True) -> Stage:
        """Run the loop on a script of (seconds from the start, command), to be ended by `End` or None."""
        self.script = [(100.0, self.start())] if begin else []
        self.script += [(100.0 + at, command) for at, command in script]
        self.loop.run()
        return self

    def events(self, kind: type[Event] | None = None) -> list[Any]:
        events = [event_adapter.validate_json(body) for _, packet, body in self.sent if packet == EVENT]
        return [e for e in events if kind is None or isinstance(e, kind)]

    def frames(self) -> list[tuple[float, dict[str, Any]]]:
        return [(at, unpack(body)[0]) for at, kind, body in self.sent if kind == FRAME]

    def metric_steps(self, generation: int = 1) -> list[int]:
        found: list[int] = []
        for _, kind, body in self.sent:
            if kind == METRICS:
                label, arrays = unpack(body)
                assert len(arrays["step"]) == len(arrays["rows"])
                if label["generation"] == generation:
                    found += arrays["step"].tolist()
        return found

    def statuses(self) -> list[Status]:
        return [e.status for e in self.events(StatusChanged)]

    @property
    def step(self) -> int:
        assert self.loop._games is not None
        return self.loop._games.step
