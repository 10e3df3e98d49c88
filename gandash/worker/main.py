"""`python -m gandash.worker.main`: the loop in a process of its own.

Commands as JSON lines on stdin, packets on stdout, logs on stderr. End of file on stdin means that the server is gone: save
and exit. torch is imported late, unless the fork server has it (`forkserver.py`): a worker is heard of from the start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import resource
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pydantic import ValidationError

from gandash.wire.messages import EVENT, End, Heartbeat, Ready, Refused, WorkerFailed, command_adapter, write_packet
from gandash.words import Said, finished, say

if TYPE_CHECKING:
    from gandash.worker.loop import Inbox
    from gandash.worker.publisher import Outbox

log = logging.getLogger("gandash.worker")

MAX_LINE = 4 * 2**20  # a command may carry a game, and with it 200,000 uploaded rows: 2.2 MB
HEARTBEAT_SECONDS = 2.0


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s %(process)d: %(message)s")
    name_process("gandash-worker")
    limit_resources()
    channel = _take_stdout()
    lock = threading.Lock()
    inbox: Inbox = queue.SimpleQueue()
    ready = threading.Event()

    def send(kind: bytes, body: bytes) -> None:
        nonlocal channel
        try:
            with lock:
                write_packet(channel, kind, body)
        except BrokenPipeError:  # the server is gone: nobody reads, but the last state is still worth saving
            channel = open(os.devnull, "wb")  # noqa: SIM115 (lives as long as the process)
            inbox.put(None)

    threading.Thread(target=_send_heartbeats, args=(send,), name="heartbeat", daemon=True).start()
    threading.Thread(target=_read_commands, args=(sys.stdin.buffer, inbox, send, ready), name="commands", daemon=True).start()
    if not play(inbox, send, ready):
        leave(1)


def play(inbox: Inbox, send: Outbox, ready: threading.Event) -> bool:
    """Import torch, and play until the end is ordered. False where it failed, which is told. `ready` is set when commands are
    followed."""
    try:
        from gandash.worker.loop import Loop
        from gandash.worker.share import Clocks
        from gandash.worker.trajectory import be_reproducible

        be_reproducible()
        ready.set()
        send(EVENT, Ready(pid=os.getpid()).model_dump_json().encode())
        Loop(inbox, send, Clocks(time.monotonic, time.thread_time), step_back).run()
    except Exception as error:
        log.exception("the trainer failed")
        send(EVENT, WorkerFailed(reason=_in_words(error)).model_dump_json().encode())
        return False
    return True


@cache
def step_back() -> None:
    """From here on this thread comes after the server that answers, browsers that draw, and workers whose first picture
    somebody waits for. For good: only the system's administrator could let it go forward again."""
    with contextlib.suppress(OSError):
        os.nice(10)


def name_process(name: str) -> None:
    """What `top` and `ps -o comm` show; at most 15 characters."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name)


def limit_resources() -> None:
    """Limit this process to half of the machine's memory, so that a larger game fails with words. Where memory runs out all the
    same, the kernel ends this process rather than the server.
    """
    with contextlib.suppress(OSError, ValueError):
        half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        resource.setrlimit(resource.RLIMIT_DATA, (half, half))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("600")


def _in_words(error: Exception) -> Said:
    said = (str(error).strip() or "no reason given").splitlines()[0][:200]
    if isinstance(error, MemoryError) or "allocate memory" in said:
        return say("this game needs more memory than there is; try narrower networks or a smaller batch")
    return finished(f"{type(error).__name__}: {said}")


def leave(status: int) -> None:
    """End this process at once: waiting threads may hold the pipes' locks, over which Python's own exit would abort."""
    sys.stderr.flush()
    os._exit(status)


def _take_stdout() -> IO[bytes]:
    """The packet channel, taken away from print: a stray print must not corrupt it, so stdout becomes stderr."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def _read_commands(stream: IO[bytes], inbox: Inbox, send: Outbox, ready: threading.Event) -> None:
    while line := stream.readline(MAX_LINE):
        try:
            command = command_adapter.validate_json(line)
            if isinstance(command, End):
                break
            inbox.put(command)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            send(EVENT, Refused(message=finished(f"not a command: {first['msg']}")).model_dump_json().encode())
    if not ready.is_set():  # it still waits for torch, and there is nothing to save
        leave(0)
    inbox.put(None)


def _send_heartbeats(send: Outbox) -> None:
    """Says that the process lives, whatever the loop is busy with: one step of a large game can take a minute."""
    while True:
        send(EVENT, Heartbeat().model_dump_json().encode())
        time.sleep(HEARTBEAT_SECONDS)


if __name__ == "__main__":
    main()
    leave(0)  # the state is saved
