"""Workers on a Ray cluster, for a class that outgrows the server's machine: `GANDASH_RAY` says on which.

To the supervisor each is a process like any other (`Remote`): commands in, packets out. Between lies a TCP connection to the
machine that it is on, and files go along with what is said of them (`gandash.cluster.carrying`): checkpoints and records are
kept here, whatever becomes of that machine.
"""

from __future__ import annotations

import itertools
import logging
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from gandash.cluster import carrying
from gandash.cluster.broker import Free, Leave, Place, Placed, news_adapter
from gandash.cluster.carrying import CHECKPOINT, FILE, Followed, Kept, Part, given
from gandash.server.forkserver import UNKNOWN, environment
from gandash.server.process import WorkerProcess
from gandash.store.format import MANIFEST
from gandash.wire.messages import (
    EVENT,
    FRAME,
    METRICS,
    End,
    Event,
    Saved,
    Start,
    Unrecorded,
    Unsaved,
    command_adapter,
    event_adapter,
    read_packet,
    write_packet,
)
from gandash.words import of_system, say

log = logging.getLogger("gandash.supervisor")

VARIABLE, CPUS = "GANDASH_RAY", "GANDASH_RAY_CPUS"
CALL_SECONDS = 20.0  # for a machine of the cluster to take a call
RETRY_SECONDS = 30.0  # before a broker that has ended is replaced
END_SECONDS = 10.0  # for it to end


class Cluster:
    """The cluster at this address, on which a worker takes so many CPUs. All methods may be called from any thread."""

    def __init__(self, address: str, cpus: float = 1.0) -> None:
        self.address, self.cpus = address, cpus
        self._lock = threading.Lock()
        self._newest = 0  # number of a worker
        self._workers: dict[int, Remote] = {}  # that are wanted
        self._broker: subprocess.Popen[str] | None = None
        self._begun = 0.0
        self._free: Free | None = None  # as it was told last
        self._is_closed = False

    @classmethod
    def of_environment(cls) -> Cluster | None:
        """The one that GANDASH_RAY names; None where it names none."""
        address = os.environ.get(VARIABLE, "").strip()
        if not address:
            return None
        given, cpus = os.environ.get(CPUS, "1"), 0.0
        with suppress(ValueError):
            cpus = float(given)
        if not 0.01 <= cpus <= 64:
            log.warning("%s: given %r; a number from 0.01 to 64 is needed, using 1", CPUS, given)
            cpus = 1.0
        return cls(address, cpus)

    def start(self) -> WorkerProcess:
        """A worker, which starts when the cluster has room. Raises OSError where there is no cluster."""
        with self._lock:
            self._have_broker()
            self._newest += 1
            number, token = self._newest, secrets.token_urlsafe(32)
            worker = self._workers[number] = Remote(self, number, token)
            self._order(Place(worker=number, token=token, engine=os.environ.get("GANDASH_ENGINE", "")))
        return WorkerProcess(worker)

    def shortage(self) -> str:
        """Why no other worker can start now, in words; "" where one can, or where that is not known yet."""
        with self._lock:
            found, closed, begun, newest = self._free, self._is_closed, self._begun, self._newest
        if found is None or closed:
            return ""
        if found.why and time.monotonic() < begun + RETRY_SECONDS:
            return say(
                "Runs are to be played on a Ray cluster ({variable}), and there is none: {reason}",
                variable=VARIABLE,
                reason=found.why,
            )
        free = max(0.0, found.free - (newest - found.until) * self.cpus)
        if found.why or free >= self.cpus:
            return ""
        return say(
            "A run needs {needed} CPU of the Ray cluster, and {free} of its {all} are free. Try again when somebody has closed "
            "a tab; or add a machine to the cluster (ray start --address=HOST:PORT), or set {variable} lower.",
            needed=f"{self.cpus:g}",
            free=f"{free:g}",
            all=f"{found.all:g}",
            variable=CPUS,
        )

    def leave(self, number: int) -> None:
        """This worker is gone, or is to go."""
        with self._lock:
            if self._workers.pop(number, None) is not None and self._broker is not None:
                with suppress(OSError):
                    self._order(Leave(worker=number))

    def close(self) -> None:
        """To be called once all workers have ended."""
        with self._lock:
            self._is_closed = True
            broker = self._broker
        if broker is not None:
            assert broker.stdin is not None
            with suppress(OSError):
                broker.stdin.close()
            try:
                broker.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                broker.kill()
                broker.wait()

    # -------------------------------------------------------------------------------------------------------- the broker

    def _have_broker(self) -> None:
        if self._is_closed:
            raise OSError(say("the server is shutting down"))
        if self._broker is not None and self._broker.poll() is None:
            return
        now = time.monotonic()
        if self._broker is not None and now < self._begun + RETRY_SECONDS:
            why = self._free.why if self._free else None
            raise OSError(why or say("the connection to the Ray cluster was lost; it is tried again in a moment"))
        self._begun, self._free = now, None
        self._broker = subprocess.Popen(
            [sys.executable, "-m", "gandash.cluster.broker", self.address, str(self.cpus)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
            process_group=0,  # Ctrl-C in a terminal is for the server, which then ends its workers in order
        )
        threading.Thread(target=self._listen, args=(self._broker,), name="broker", daemon=True).start()

    def _order(self, order: Place | Leave) -> None:
        assert self._broker is not None and self._broker.stdin is not None
        self._broker.stdin.write(order.model_dump_json() + "\n")
        self._broker.stdin.flush()

    def _listen(self, broker: subprocess.Popen[str]) -> None:
        assert broker.stdout is not None
        with broker.stdout as news:
            for line in news:
                try:
                    told = news_adapter.validate_json(line)
                except ValidationError:
                    log.exception("what the broker says")
                    continue
                with self._lock:
                    if isinstance(told, Free):
                        self._free = told
                        continue
                    worker = self._workers.get(told.worker)
                if worker is not None:
                    worker.placed(told)
        code = broker.wait()
        with self._lock:
            assert broker.stdin is not None
            with suppress(OSError):
                broker.stdin.close()
            lost, why = list(self._workers.values()), self._free.why if self._free else None
            self._workers.clear()
            closed = self._is_closed
            if self._free is not None and not why:
                self._free = None  # another will tell
        if not closed:
            log.warning("%s=%s: %s", VARIABLE, self.address, why or f"the connection was lost (exit status {code})")
        for worker in lost:
            worker.placed(Placed(worker=0, why=why or say("the connection to the Ray cluster was lost")))


class Remote:
    """A worker on a machine of the cluster, as a process (`gandash.server.forkserver.Process`)."""

    def __init__(self, cluster: Cluster, number: int, token: str) -> None:
        self._cluster, self._number, self._token = cluster, number, token
        self.pid, self.problem = 0, ""
        self.stdin, self.stdout = Commands(self), Packets(self)
        self._lock = threading.Lock()
        self._at: Placed | None = None  # where it is; where it is nowhere, why
        self._told, self._exited = threading.Event(), threading.Event()
        self._channel: socket.socket | None = None
        self.is_asked_to_end = self._is_killed = False
        self.directory = Path()  # of checkpoints
        self.generation = self.step = 0  # of its game; and of that, where it was saved last
        self.directories: dict[str, Path] = {}  # of recorded runs, by their ids
        self._kept: dict[str, Kept | None] = {}  # the same while they are written; None where they cannot be any more

    @property
    def delay(self) -> str:
        return "" if self._told.is_set() else self._cluster.shortage()

    def placed(self, at: Placed) -> None:
        """It listens there; or it never will, or its machine is no longer spoken with."""
        with self._lock:
            if self._at is None:
                self._at = at
        self._told.set()

    def wait_for_start(self) -> None:
        self._told.wait()
        with self._lock:
            if self._is_killed or self._channel is not None or self._at is None:
                return
            if self._at.why:
                self.problem = self._at.why
                return
            try:
                channel = socket.create_connection((self._at.host, self._at.port), CALL_SECONDS)
                channel.settimeout(None)
                channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                channel.sendall(self._token.encode())
            except OSError as error:
                self.problem = say(
                    "{host} of the cluster cannot be reached: {error}",
                    host=self._at.host,
                    error=of_system(error),
                )
                return
            self.pid, self._channel = self._at.pid, channel

    @property
    def channel(self) -> socket.socket | None:
        """The connection, once it is known whether there is one."""
        self.wait_for_start()
        return self._channel

    def poll(self) -> int | None:
        return self._status if self._exited.is_set() else None

    @property
    def _status(self) -> int:
        return 0 if self.is_asked_to_end else UNKNOWN

    def wait(self, timeout: float | None = None) -> int:
        if not self._exited.wait(timeout):
            raise subprocess.TimeoutExpired("gandash worker", timeout or 0.0)
        return self._status

    def kill(self) -> None:
        """End it at once."""
        with self._lock:
            self._is_killed = True
            if self._channel is not None:
                with suppress(OSError):
                    self._channel.shutdown(socket.SHUT_RDWR)
        self._told.set()
        self.gone()

    def withdraw(self) -> None:
        if not self._told.is_set():
            self.kill()

    def gone(self) -> None:
        """Nothing more comes from it, or is wanted."""
        with self._lock:
            self._exited.set()
            for kept in self._kept.values():
                if kept is not None:
                    kept.close()
            self._kept.clear()
        if self._channel is not None:
            self._channel.close()
            if not self.is_asked_to_end and self._at is not None:
                self.problem = say("the machine {host} of the cluster, or its process there, is gone", host=self._at.host)
        self._cluster.leave(self._number)

    def keep(self, run: str, part: Part | None = None, body: bytes = b"") -> bool:
        """Have the folder of this recorded run for us alone, and take a part of what is in it. Whether it was ours already.
        Raises OSError, once."""
        with self._lock:
            if self._exited.is_set() or run not in self.directories:
                return True
            is_known = run in self._kept
            if not is_known:
                self._kept[run] = None
                self._kept[run] = Kept(self.directories[run])
            if part is not None and (kept := self._kept[run]) is not None:
                try:
                    kept.take(part, body)
                except OSError:
                    self._kept[run] = None
                    kept.close()
                    raise
            return is_known


class Commands:
    """Takes commands, as lines, and has files go down before what speaks of them."""

    def __init__(self, worker: Remote) -> None:
        self._worker = worker
        self._down: IO[bytes] | None = None
        self._branches = itertools.count(1)

    def write(self, line: bytes) -> None:
        """Raises OSError where nobody reads any more."""
        if self._down is None:
            if (channel := self._worker.channel) is None:
                raise BrokenPipeError
            self._down = channel.makefile("wb")
        command = command_adapter.validate_json(line)
        self._worker.is_asked_to_end = isinstance(command, End)
        if isinstance(command, Start):
            command = self._there(command)
            line = command.model_dump_json().encode()
        write_packet(self._down, EVENT, line)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        if self._down is not None:
            with suppress(OSError):
                self._down.close()

    def _there(self, start: Start) -> Start:
        """The command as the other machine is to have it, when what it needs has gone there."""
        worker = self._worker
        worker.directory, worker.generation = Path(start.directory), start.generation
        branch, record = start.branch, start.record
        if start.checkpoint:
            with suppress(OSError):  # what is missing there is said by the worker, as ever
                self._send(carrying.sent(Path(start.checkpoint).read_bytes(), "", given(start.generation)))
        if branch:
            folder = f"from-{next(self._branches)}"
            self._send(Followed(folder, Path(branch.directory)).news())
            branch = branch.model_copy(update={"directory": folder})
        if record:
            worker.directories[record.id] = directory = Path(record.directory)
            with suppress(OSError):  # what cannot be kept is said when it comes
                if (directory / MANIFEST).exists() and not worker.keep(record.id):
                    self._send(Followed(record.id, directory).news())
            record = record.model_copy(update={"directory": record.id})
        return start.model_copy(update={"directory": "", "branch": branch, "record": record})

    def _send(self, parts: Iterator[bytes]) -> None:
        assert self._down is not None
        for part in parts:
            write_packet(self._down, FILE, part)


class Packets:
    """Gives a worker's packets, without the files among them: these are put where they belong."""

    def __init__(self, worker: Remote) -> None:
        self._worker = worker
        self._up: IO[bytes] | None = None
        self._packet = BytesIO()  # that is being read
        self._is_saved = True  # whether the last checkpoint could be written here

    def read(self, size: int) -> bytes:
        """b"" at the end, also where it comes as a fault of the network. Raises BrokenPacket and BrokenPart."""
        while size:
            if found := self._packet.read(size):
                return found
            try:
                if not (packet := self._next()):
                    break
            except OSError:
                break
            self._packet = BytesIO(packet)
        if size:
            self._worker.gone()
        return b""

    def close(self) -> None:
        if self._up is not None:
            self._up.close()

    def _next(self) -> bytes:
        """The next packet that is not a file's; b"" at the end."""
        if self._up is None:
            if (channel := self._worker.channel) is None:
                return b""
            self._up = channel.makefile("rb")
        while (packet := read_packet(self._up, (EVENT, FRAME, METRICS, FILE))) is not None:
            kind, body = packet
            if kind == FILE:
                told = self._take(*carrying.unpacked(body))
            elif kind == EVENT and body.startswith(b'{"type":"saved"'):
                told = self._saved(body)
            else:
                return _written(kind, body)
            if told is not None:
                return _written(EVENT, told.model_dump_json().encode())
        return b""

    def _take(self, part: Part, body: bytes) -> Event | None:
        """Put it where it belongs. What is to be told of that."""
        worker = self._worker
        if not part.folder and part.name == CHECKPOINT:
            try:
                carrying.put(worker.directory, part, body)
                self._is_saved = True
            except OSError as error:
                was, self._is_saved = self._is_saved, False
                if was:
                    reason = of_system(error)
                    return Unsaved(generation=worker.generation, step=worker.step, reason=reason)
            return None
        try:
            worker.keep(part.folder, part, body)
        except OSError as error:
            return Unrecorded(generation=worker.generation, step=worker.step, reason=of_system(error))
        return None

    def _saved(self, body: bytes) -> Event | None:
        saved = event_adapter.validate_json(body)
        if not isinstance(saved, Saved) or not self._is_saved:
            return None
        self._worker.step = saved.step
        return saved.model_copy(update={"path": str(self._worker.directory / CHECKPOINT)})


def _written(kind: bytes, body: bytes) -> bytes:
    packet = BytesIO()
    write_packet(packet, kind, body)
    return packet.getvalue()
