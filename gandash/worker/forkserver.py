"""`python -m gandash.worker.forkserver`: imports all that a worker needs, once, and forks a worker each time it is asked.

A forked worker is there within milliseconds and shares the imported modules' memory with all others. Stdin is a socket of the
server's (`gandash.server.forkserver`). Each request brings three files: the worker's stdin, its stdout, and a socket on which
two numbers are told: its pid, along with a pidfd, or -errno where none could be forked; then its exit status. End of file
means that the server is gone: no worker is forked any more, and when the last one has ended, this process does too.

Compiled rounds are read from disk too, so that no worker need do it: not before the first worker is forked, which a first
visitor is waiting for, but before the second, or when nothing has been asked for a while.

There is one thread here and it stays so, since `fork` copies no other. No device is asked for: CUDA, once touched, could not be
used by the children.
"""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

from gandash.worker import main as worker

NUMBER = struct.Struct("<i")
QUIET_SECONDS = 5.0

log = logging.getLogger("gandash.worker")


def main() -> None:
    for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # threads that numpy and scipy would start when imported
        os.environ[pool] = "1"
    worker.name_process("gandash-fork")
    gc.disable()  # a collection would write to all objects, and so copy the memory that is to be shared
    import torch

    import gandash.store.places  # while a file can still be opened: `prepare` asks it
    import gandash.worker.loop  # noqa: F401 (for the children)
    from gandash.game.compiled import disk_cache

    disk_cache.directory()
    torch.set_num_threads(1)
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as control:
        with suppress(BrokenPipeError):
            control.send(b"ready")
        is_worker = serve(control, prepare)
    if is_worker:
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        gc.enable()
        worker.main()
    worker.leave(0)


def prepare() -> bool:
    """Have compiled rounds in memory, for all workers to come, and what their curves are recorded with. False where they are
    not on disk yet."""
    from gandash.game.compiled import disk_cache
    from gandash.store import places

    try:
        if places.is_wanted():
            import pyarrow.parquet  # noqa: F401

        if not (disk_cache.is_wanted() and disk_cache.is_ready()):
            return False
        from gandash.game.compiled.engine import load

        load()
    except Exception:  # then they are read, or fail, where they are used
        log.exception("what all workers need could not be read")
    gc.freeze()
    return True


def serve(control: socket.socket, prepare: Callable[[], bool]) -> bool:
    """Fork on request, and tell how each child ends, until the server is gone and the children too. True in a child."""
    is_prepared = has_forked = False
    children: dict[int, tuple[int, int]] = {}  # pidfd -> pid, and the socket to tell of it: numbers, which close nothing
    waiting = select.poll()  # not epoll, whose table a child would share
    waiting.register(control, select.POLLIN)
    is_asked = True
    while is_asked or children:
        ready = waiting.poll(1000 * QUIET_SECONDS if has_forked and not is_prepared else None)
        if not ready:
            is_prepared = prepare()
        for fd, _ in ready:
            if fd in children:
                waiting.unregister(fd)
                pid, news = children.pop(fd)
                _tell(news, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                _close(fd, news)
                continue
            message, files = _request(control)
            if not message:
                is_asked = False
                waiting.unregister(control)
                continue
            if len(files) < 3:  # too many are open here; the server sees its own ends closed
                _close(*files)
                continue
            stdin, stdout, news = files
            is_prepared = is_prepared or (has_forked and prepare())
            has_forked = True
            try:
                pid = os.fork()
                if pid == 0:
                    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the server, which then ends its workers in order
                    os.dup2(stdin, 0)
                    os.dup2(stdout, 1)
                    return True
                pidfd = _pidfd(pid)
            except OSError as error:
                _tell(news, -(error.errno or 1))
                _close(*files)
                continue
            _close(stdin, stdout)
            _tell(news, pid, pidfd)
            children[pidfd] = pid, news
            waiting.register(pidfd, select.POLLIN)
    return False


def _request(control: socket.socket) -> tuple[bytes, list[int]]:
    """The next request and its files; b"" at the end."""
    try:
        return socket.recv_fds(control, 1, 3, socket.MSG_CMSG_CLOEXEC)[:2]
    except ConnectionResetError:  # the server went without having read what we told it
        return b"", []


def _pidfd(pid: int) -> int:
    """A file that stands for this child whatever becomes of its number. Without one it could not be followed, and is ended."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def _tell(news: int, number: int, *files: int) -> None:
    told = socket.socket(fileno=news)
    with suppress(OSError):  # the server may be gone
        socket.send_fds(told, [NUMBER.pack(number)], files)
    told.detach()


def _close(*files: int) -> None:
    for file in files:
        os.close(file)


if __name__ == "__main__":
    main()
