"""The loop in a process of a Ray cluster: the same commands and packets as through pipes (`main.py`), by one TCP connection.

The server opens it, with a token. Commands come down as packets too, and the files that they speak of before them; checkpoints
and what is recorded go up, since they are kept on the server's disk (`gandash.cluster.carrying`). Here they lie in a folder
that goes with the process.
"""

from __future__ import annotations

import hmac
import logging
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from gandash.cluster import carrying
from gandash.cluster.arriving import ROOT
from gandash.cluster.carrying import CHECKPOINT, FILE, Followed, given
from gandash.store.format import MANIFEST
from gandash.wire.messages import (
    EVENT,
    Command,
    End,
    Heartbeat,
    Refused,
    Saved,
    Start,
    command_adapter,
    event_adapter,
    read_packet,
    write_packet,
)
from gandash.worker.main import HEARTBEAT_SECONDS, limit_resources, play

if TYPE_CHECKING:
    from gandash.worker.loop import Inbox

log = logging.getLogger("gandash.worker")

CALL_SECONDS = 60.0  # for the server to call
TOKEN_SECONDS = 5.0  # for a caller to say it: a silent stranger must not keep the server out
FOLLOW_SECONDS = 0.5  # how far apart it is looked what has been recorded
STILL = 60  # looks without news, after which a folder is not looked at any more
BYTES_PER_SECOND = 1e7  # of checkpoints: larger ones go up further apart
LAST_SECONDS = 4.0  # for the last state to go up
COMPILE_SECONDS = "5"


def listen(token: str, engine: str = "") -> tuple[str, int, int]:
    """Have a worker in this process, for whoever calls with the token: on which address, at which port; and its pid."""
    from ray.util import get_node_ip_address

    if engine:
        os.environ["GANDASH_ENGINE"] = engine
    host = get_node_ip_address()
    listener = socket.create_server((host, 0))
    threading.Thread(target=_be_called, args=(listener, token), name="worker", daemon=True).start()
    _compile()
    return host, listener.getsockname()[1], os.getpid()


def _compile() -> None:
    """Have rounds compiled on this machine, beside all else, where that has not been done."""
    from gandash.game.compiled import disk_cache

    if disk_cache.is_wanted() and not disk_cache.is_ready():
        with suppress(OSError):
            subprocess.Popen(
                [sys.executable, "-m", "gandash.worker.compiling", COMPILE_SECONDS],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))},
                start_new_session=True,
            )


def _be_called(listener: socket.socket, token: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="gandash-"))
    status = 1
    try:
        limit_resources()
        if (channel := _caller(listener, token)) is not None:
            Hosted(channel, folder).run()
            status = 0
    except Exception:
        log.exception("a worker of the cluster")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(status)  # with it the actor is gone: there is no other use for the process


def _caller(listener: socket.socket, token: str) -> socket.socket | None:
    """The connection of the first who says the token; None where nobody does in time."""
    until = time.monotonic() + CALL_SECONDS
    with listener:
        while (left := until - time.monotonic()) > 0:
            listener.settimeout(left)
            with suppress(OSError):
                channel, _ = listener.accept()
                channel.settimeout(min(left, TOKEN_SECONDS))
                said = channel.recv(len(token), socket.MSG_WAITALL)
                if hmac.compare_digest(said, token.encode()):
                    channel.settimeout(None)
                    channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return channel
                channel.close()
    return None


class Hosted:
    """One worker and its channel. What goes up is written under a lock, a packet at a time."""

    def __init__(self, channel: socket.socket, folder: Path) -> None:
        self._channel, self._folder = channel, folder
        self._up, self._down = channel.makefile("wb"), channel.makefile("rb")
        self._lock = threading.Lock()
        self._inbox: Inbox = queue.SimpleQueue()
        self._ready = threading.Event()
        self._changed, self._is_over = threading.Event(), False
        self._saved: Saved | None = None  # a checkpoint that has not gone up yet
        self._saved_due = 0.0
        self._followed: dict[str, Followed] = {}  # folders of records
        self._newest = ""  # of these
        self._still: dict[str, int] = {}  # how often in a row nothing was new in others

    def run(self) -> None:
        """Return when the game is over and all that is kept of it has gone up, or the server is gone."""
        for work in (self._send_heartbeats, self._read_commands):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        follower = threading.Thread(target=self._follow, name="follow", daemon=True)
        follower.start()
        play(self._inbox, self._send, self._ready)
        self._is_over = True
        self._changed.set()
        follower.join(LAST_SECONDS)
        with suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)

    def _send(self, kind: bytes, body: bytes) -> None:
        if kind == EVENT and body.startswith(b'{"type":"saved"'):
            saved = event_adapter.validate_json(body)
            assert isinstance(saved, Saved)
            self._saved = saved
            self._changed.set()
            return
        try:
            with self._lock:
                write_packet(self._up, kind, body)
        except OSError:  # the server is gone, and with it whoever could go on from here
            self._inbox.put(None)

    def _send_heartbeats(self) -> None:
        """As long as Ray's process on this machine lives: where it is gone the cluster takes the machine for lost."""
        parent = os.getppid()
        while os.getppid() == parent:
            self._send(EVENT, Heartbeat().model_dump_json().encode())
            time.sleep(HEARTBEAT_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(1)

    # ------------------------------------------------------------------------------------------------------ what goes up

    def _follow(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._is_over
            checkpoint = self._checkpoint(is_last)  # read before the record and sent after it: its rows are there first
            for name, followed in list(self._followed.items()):
                count = 0
                try:
                    for count, part in enumerate(followed.news(), 1):  # noqa: B007 (it is wanted when they have all been sent)
                        self._send(FILE, part)
                except OSError as error:
                    log.warning("what is recorded cannot be read: %s", error)
                self._still[name] = 0 if count or name == self._newest else self._still.get(name, 0) + 1
                if self._still[name] > STILL:  # another run has been recorded for long
                    del self._followed[name]
            if checkpoint:
                self._send_checkpoint(*checkpoint)
            if not is_last:
                self._changed.wait(FOLLOW_SECONDS)
                self._changed.clear()

    def _checkpoint(self, is_last: bool) -> tuple[Saved, bytes] | None:
        """One that is to go up now."""
        saved = self._saved
        if saved is None or (time.monotonic() < self._saved_due and not is_last):
            return None
        self._saved = None
        try:
            return saved, Path(saved.path).read_bytes()
        except OSError:  # it could be written, and cannot be read
            log.exception("a checkpoint")
            return None

    def _send_checkpoint(self, saved: Saved, body: bytes) -> None:
        now = time.monotonic()
        for part in carrying.sent(body, "", CHECKPOINT):
            self._send(FILE, part)
        with self._lock, suppress(OSError):
            write_packet(self._up, EVENT, saved.model_dump_json().encode())
        self._saved_due = now + len(body) / BYTES_PER_SECOND

    # ---------------------------------------------------------------------------------------------------- what comes down

    def _read_commands(self) -> None:
        with suppress(OSError, ValueError):
            while (packet := read_packet(self._down, (EVENT, FILE))) is not None:
                kind, body = packet
                if kind == FILE:
                    part, content = carrying.unpacked(body)
                    carrying.put(self._folder / part.folder, part, content)
                    continue
                try:
                    command = command_adapter.validate_json(body)
                except ValidationError as error:
                    first = error.errors(include_url=False)[0]
                    self._send(EVENT, Refused(message=f"not a command: {first['msg']}").model_dump_json().encode())
                    continue
                if isinstance(command, End):
                    break
                self._inbox.put(self._here(command))
        if not self._ready.is_set():  # it still waits for torch, and there is nothing to save
            os._exit(0)
        self._inbox.put(None)

    def _here(self, command: Command) -> Command:
        """The same with the places of files on this machine."""
        if not isinstance(command, Start):
            return command
        branch, record = command.branch, command.record
        if record:
            directory = self._folder / record.directory
            self._newest = record.id
            if record.id not in self._followed:
                self._followed[record.id] = Followed(record.id, directory, is_known=(directory / MANIFEST).exists())
            record = record.model_copy(update={"directory": str(directory)})
        if branch:
            branch = branch.model_copy(update={"directory": str(self._folder / branch.directory)})
        here = {
            "directory": str(self._folder),
            "checkpoint": command.checkpoint and str(self._folder / given(command.generation)),
            "branch": branch,
            "record": record,
        }
        return command.model_copy(update=here)
