"""One worker process as the supervisor sees it: commands in, packets out, knowing that it can vanish at any moment."""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import threading
import time
from contextlib import closing, suppress
from typing import Protocol

from gandash.server.forkserver import UNKNOWN, Process
from gandash.wire.messages import EVENT, Command, End, Event, Heartbeat, Ready, WorkerFailed, event_adapter, read_packet
from gandash.words import Said, say

log = logging.getLogger("gandash.supervisor")

WAITING_COMMANDS = 2000  # a worker that lets this many pile up has stopped listening


class Owner(Protocol):
    """Whom a worker's packets are for. Called on the worker's reader thread."""

    def on_event(self, worker: WorkerProcess, event: Event) -> None: ...
    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None: ...
    def on_exit(self, worker: WorkerProcess, reason: str) -> None: ...


class TooManyCommands(RuntimeError):
    """The worker does not keep up with what it is asked."""


class WorkerProcess:
    """Relays between a worker and its owner, who may come later (a spare has none)."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.given = self.heard = self.answered = time.monotonic()  # `answered`: by its loop, which may be busy for long
        self.has_spoken = self.is_ready = False
        self._failure = ""
        self._owner: Owner | None = None
        self._spoken_for = threading.Event()  # it has an owner, or is being ended
        self._commands: queue.Queue[bytes | None] = queue.Queue(WAITING_COMMANDS)
        threading.Thread(target=self._write, name=f"to worker {id(self)}", daemon=True).start()
        threading.Thread(target=self._read, name=f"from worker {id(self)}", daemon=True).start()

    @property
    def pid(self) -> int:
        """0 until it is known: while the fork server still imports torch, no worker has started."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def delay(self) -> str:
        """Why it has not started yet, in words; "" where nothing particular is known."""
        return self._process.delay

    def give_to(self, owner: Owner) -> None:
        """From now on `owner` gets the worker's packets, and hears of its exit, even of one that has happened already."""
        self.given = self.heard = self.answered = time.monotonic()  # that a spare had nothing to say does not count as silence
        self._owner = owner
        self._spoken_for.set()

    def send(self, command: Command) -> None:
        """Hand over a command; never blocks. Raises TooManyCommands when the worker has stopped taking them."""
        try:
            self._commands.put_nowait(command.model_dump_json().encode() + b"\n")
        except queue.Full:
            raise TooManyCommands(
                say("more than {count} commands are waiting; try again in a moment", count=WAITING_COMMANDS)
            ) from None

    def end(self, patience_seconds: float = 5.0) -> None:
        """Ask it to save and exit, and make sure that it does. Returns at once; its owner hears no more of it."""
        self._owner = None
        self._spoken_for.set()
        self._process.withdraw()
        try:
            self.send(End())
        except TooManyCommands:
            patience_seconds = 0
        threading.Thread(
            target=self._terminate_after, args=(patience_seconds,), name=f"end worker {id(self)}", daemon=True
        ).start()

    def kill(self, reason: str = "") -> None:
        """End it at once, without saving. The owner hears of its exit as usual, with `reason` in place of the signal."""
        self._failure = reason
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        return self._process.wait(timeout)

    def _terminate_after(self, patience_seconds: float) -> None:
        self._process.wait_for_start()
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            log.warning("worker %d did not end when asked; it is killed", self.pid)
            self._process.kill()

    def _write(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError), closing(self._process.stdin) as stdin:  # it may stop reading at any moment
            while (line := self._commands.get()) is not None:
                stdin.write(line)
                if self._commands.empty():
                    stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        reason = ""
        self._process.wait_for_start()  # its owner may ask for the pid as soon as it hears of it
        with closing(self._process.stdout) as stdout:
            try:
                while (packet := read_packet(stdout)) is not None:
                    self.heard = time.monotonic()
                    self._deliver(*packet)
            except Exception as error:  # whatever it sent, its owner must hear that it is lost
                reason = say("it sent something unreadable: {error}", error=str(error).split("\n")[0])
                log.warning("worker %d sent something unreadable", self.pid, exc_info=error)
                self._process.kill()
            code = self._process.wait()
        with suppress(queue.Full):  # where the queue is full, the writer will notice by itself that nobody reads
            self._commands.put_nowait(None)
        self._spoken_for.wait()
        if (owner := self._owner) is not None:
            owner.on_exit(self, reason or self._failure or self._process.problem or _in_words(code))

    def _deliver(self, kind: bytes, body: bytes) -> None:
        event = event_adapter.validate_json(body) if kind == EVENT else None
        self.has_spoken = True
        if isinstance(event, Heartbeat):
            return
        self.answered = self.heard
        if isinstance(event, Ready):
            self.is_ready = True
        elif isinstance(event, WorkerFailed):
            self._failure = event.reason
        elif (owner := self._owner) is None:
            return
        elif event is not None:
            owner.on_event(self, event)
        else:
            owner.on_bytes(self, kind, body)


def _in_words(code: int) -> Said:
    if code == UNKNOWN:
        return say("how it ended is not known")
    if code >= 0:
        return say("exit status {code}", code=code)
    if code == -signal.SIGKILL:
        return say("killed by signal {signal}, as happens when memory runs out", signal=-code)
    return say("killed by signal {signal}", signal=-code)
