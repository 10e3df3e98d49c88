"""How worker processes come to be: forked by a process that has imported torch, or, where there is no fork, each by itself.

This file is imported, and the fork server started, before anything else: nothing here takes long to import.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from gandash.words import say

log = logging.getLogger("gandash.supervisor")

UNKNOWN = 256  # in place of an exit status where nobody could tell one
RETRY_SECONDS = 30.0  # before a fork server that has died is replaced without having been asked for
END_SECONDS = 10.0  # for a fork server to follow its workers
TOLD_SECONDS = 5.0  # for it to tell how a worker ended
NUMBER = struct.Struct("<i")


class Sink(Protocol):
    """Where commands go: a line each, with its end."""

    def write(self, line: bytes, /) -> object: ...
    def flush(self) -> object: ...
    def close(self) -> object: ...


class Source(Protocol):
    """Where packets come from."""

    def read(self, size: int, /) -> bytes: ...
    def close(self) -> object: ...


class Process(Protocol):
    """A worker process as its supervisor sees it: like `subprocess.Popen`, but the process may start later than this object is
    made.
    """

    @property
    def stdin(self) -> Sink | None: ...
    @property
    def stdout(self) -> Source | None: ...
    @property
    def pid(self) -> int: ...
    @property
    def delay(self) -> str:
        """Why it has not started yet, in words; "" where there is no more to say than that."""

    @property
    def problem(self) -> str:
        """Why it was not even started, in words; "" if it was."""

    def wait_for_start(self) -> None:
        """Return once it has a pid, or never will have one."""

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...
    def withdraw(self) -> None:
        """It is not wanted any more: where it might wait for long to be started, it is not started."""


def environment() -> dict[str, str]:
    """The environment of a process that imports gandash from where this one does."""
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}


class Spawned(subprocess.Popen[bytes]):
    """A worker that imports everything by itself; or another command, in tests."""

    problem = delay = ""

    def __init__(self, command: list[str] | None = None) -> None:
        super().__init__(
            command or [sys.executable, "-m", "gandash.worker.main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
            process_group=0,  # Ctrl-C in a terminal is for the server, which then ends its workers in order
        )

    def wait_for_start(self) -> None:
        pass

    def withdraw(self) -> None:
        pass


class Forked:
    """A worker that the fork server has forked, or is about to: what is written to its stdin waits for it."""

    def __init__(self, server: ForkServer, control: socket.socket) -> None:
        self._server = server
        self.pid, self.problem, self.delay = 0, "", ""
        self._pidfd = -1
        self._status: int | None = None
        self._started, self._exited = threading.Event(), threading.Event()
        self._lock = threading.Lock()  # of the pidfd: no signal is sent by it once it is closed
        with ExitStack() as theirs, ExitStack() as ours:
            stdin, write = os.pipe()
            theirs.callback(os.close, stdin)
            self.stdin: IO[bytes] = ours.enter_context(os.fdopen(write, "wb"))
            read, stdout = os.pipe()
            theirs.callback(os.close, stdout)
            self.stdout: IO[bytes] = ours.enter_context(os.fdopen(read, "rb"))
            news, their_news = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            theirs.enter_context(their_news)
            ours.enter_context(news)
            socket.send_fds(control, [b"f"], [stdin, stdout, their_news.fileno()])
            threading.Thread(target=self._follow, args=(news,), name="follow worker", daemon=True).start()
            ours.pop_all()

    def wait_for_start(self) -> None:
        self._started.wait()

    def withdraw(self) -> None:
        pass

    def poll(self) -> int | None:
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        if not self._exited.wait(timeout):
            raise subprocess.TimeoutExpired("gandash worker", timeout or 0.0)
        assert self._status is not None
        return self._status

    def kill(self) -> None:
        """End it at once. Where it still waits for its fork server to start it, that one has hung, and is ended too."""
        with self._lock:
            if self._pidfd >= 0:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                return
        if not self._exited.is_set():
            self._server.kill()

    def _follow(self, news: socket.socket) -> None:
        status = UNKNOWN
        with news:
            number, files = _hear(news)
            if number is None:
                self.problem = say("the process that starts the trainers was lost")
            elif number < 0:
                self.problem = os.strerror(-number)
            else:
                (self._pidfd,) = files
                self.pid = number
                self._started.set()
                _await_end(self._pidfd)
                news.settimeout(TOLD_SECONDS)
                told, _ = _hear(news)
                status = UNKNOWN if told is None else told
        with self._lock:
            if self._pidfd >= 0:
                os.close(self._pidfd)
            self._pidfd, self._status = -1, status
        self._exited.set()
        self._started.set()


def _hear(news: socket.socket) -> tuple[int | None, list[int]]:
    """The next number that the fork server tells, None when it is gone; and the files that came with it."""
    try:
        told, files, _, _ = socket.recv_fds(news, NUMBER.size, 1, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return None, []
    return (NUMBER.unpack(told)[0] if told else None), files


def _await_end(pidfd: int) -> None:
    ended = select.poll()
    ended.register(pidfd, select.POLLIN)
    ended.poll()


def can_fork() -> bool:
    """Whether workers can be forked and followed here: on Linux, from 5.3 on, and where no sandbox forbids it."""
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:
        return False
    return True


class ForkServer:
    """`gandash.worker.forkserver` in a process of its own, replaced when it dies; the workers that it forked live on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._start()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        self._started = time.monotonic()
        with theirs:
            self._popen: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-m", "gandash.worker.forkserver"],
                stdin=theirs.fileno(),
                stdout=2,
                env=environment(),
                process_group=0,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def fork(self) -> Forked:
        """Returns at once, whether or not the fork server is ready. Raises OSError where no process can be started."""
        with self._lock:
            if self._is_closed:
                raise OSError(say("the server is shutting down"))
            self._replace_dead()
            try:
                return Forked(self, self._control)
            except ConnectionError:  # it died this moment
                self.kill()
                self._replace_dead()
                return Forked(self, self._control)

    def replace_dead(self, now: float) -> None:
        """Replace it where it has died, so that the next worker need not wait for that."""
        with self._lock:
            if not self._is_closed and now > self._started + RETRY_SECONDS:
                self._replace_dead()

    def _replace_dead(self) -> None:
        if (code := self._popen.poll()) is not None:
            log.warning("the process that starts the trainers ended by itself (exit status %d); another is started", code)
            self._control.close()
            self._start()

    def kill(self) -> None:
        """End it at once; workers that it has not forked yet are lost, the others live on."""
        self._popen.kill()
        self._popen.wait()

    def close(self) -> None:
        """Return when its workers and it are gone. To be called once all workers have been asked to end."""
        with self._lock:
            self._is_closed = True
            with self._control:
                try:
                    is_ready = bool(self._control.recv(8))
                except OSError:
                    is_ready = False
            if is_ready:
                with suppress(subprocess.TimeoutExpired):
                    self._popen.wait(END_SECONDS)
            self.kill()


@cache
def start_early() -> ForkServer | None:
    """The fork server of the app, started before anything else, since it has so much to import; None where nothing can be
    forked, or workers are on a cluster.
    """
    return ForkServer() if can_fork() and not os.environ.get("GANDASH_RAY", "").strip() else None
