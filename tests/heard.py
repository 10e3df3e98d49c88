"""An owner of worker processes that only remembers what it is told."""

from __future__ import annotations

from typing import Any

from gandash.server.process import WorkerProcess
from gandash.wire.messages import Event


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.packets: list[tuple[bytes, bytes]] = []
        self.exits: list[str] = []

    def on_event(self, worker: WorkerProcess, event: Event) -> None:
        self.events.append(event)

    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None:
        self.packets.append((kind, body))

    def on_exit(self, worker: WorkerProcess, reason: str) -> None:
        self.exits.append(reason)

    def of(self, kind: type[Event]) -> list[Any]:
        return [e for e in list(self.events) if isinstance(e, kind)]
