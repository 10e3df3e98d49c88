"""`python -m gandash.trainer.worker`: the loop in a process of its own.

Commands as JSON lines on stdin, packets on stdout, logs on stderr. End of file on stdin means that the parent is gone: save
and exit.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from typing import IO

from pydantic import ValidationError

from gandash.trainer.loop import Inbox, Loop, Outbox
from gandash.trainer.messages import EVENT, Alive, Ready, Refused, command_adapter, write_packet
from gandash.trainer.session import be_reproducible, rehearse

log = logging.getLogger("gandash.worker")

MAX_LINE = 2**20
ALIVE_SECONDS = 2.0


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s %(process)d: %(message)s")
    be_reproducible()
    with contextlib.suppress(OSError):
        os.nice(5)  # the server that draws and answers comes first
    channel = _take_stdout()
    rehearse()
    lock = threading.Lock()
    inbox: Inbox = queue.SimpleQueue()

    def send(kind: bytes, body: bytes) -> None:
        nonlocal channel
        try:
            with lock:
                write_packet(channel, kind, body)
        except BrokenPipeError:  # the parent is gone: nobody reads, but the last state is still worth saving
            channel = open(os.devnull, "wb")  # noqa: SIM115 (lives as long as the process)
            inbox.put(None)

    send(EVENT, Ready(pid=os.getpid()).model_dump_json().encode())
    threading.Thread(target=_read_commands, args=(sys.stdin.buffer, inbox, send), name="commands", daemon=True).start()
    threading.Thread(target=_stay_in_touch, args=(send,), name="alive", daemon=True).start()
    Loop(inbox, send, time.monotonic).run()


def _take_stdout() -> IO[bytes]:
    """The packet channel, taken away from print: a stray print must not corrupt it, so stdout becomes stderr."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def _read_commands(stream: IO[bytes], inbox: Inbox, send: Outbox) -> None:
    while line := stream.readline(MAX_LINE):
        try:
            inbox.put(command_adapter.validate_json(line))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            send(EVENT, Refused(message=f"not a command: {first['msg']}").model_dump_json().encode())
    inbox.put(None)


def _stay_in_touch(send: Outbox) -> None:
    """Says that the process lives, whatever the loop is busy with: one step of a large game can take a minute."""
    while True:
        time.sleep(ALIVE_SECONDS)
        send(EVENT, Alive().model_dump_json().encode())


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)  # the state is saved; waiting threads may hold the pipes' locks, and Python would abort over those
