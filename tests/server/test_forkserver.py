"""Workers that are forked: as good as those that import everything by themselves, and sound when the fork server is not."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from heard import Heard
from waiting import PATIENCE_SECONDS

from gandash.config import GameConfig
from gandash.game.compiled import disk_cache
from gandash.server import compiling
from gandash.server import forkserver as module
from gandash.server.forkserver import UNKNOWN, ForkServer, Spawned
from gandash.server.health import Limits
from gandash.server.process import WorkerProcess
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.wire.messages import Pause, Play, Saved, Start, Started, Status, StatusChanged, StepBy
from gandash.worker.checkpoint import load

Until = Callable[..., Any]


@pytest.fixture
def own() -> Iterator[ForkServer]:
    """A fork server that the test may harm."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def worker(forkserver: ForkServer) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(forkserver.fork())
    yield worker
    worker.kill()
    worker.wait(PATIENCE_SECONDS)


def files(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def begun(worker: WorkerProcess, config: GameConfig, directory: Path, until: Until) -> Heard:
    heard = Heard()
    worker.give_to(heard)
    directory.mkdir(exist_ok=True)
    worker.send(Start(generation=1, configs=(config,), directory=str(directory)))
    until(lambda: heard.of(Started) or heard.exits, what="a game")
    return heard


# ------------------------------------------------------------------------------------------------------------- as good


def test_a_forked_worker_is_limited_as_any_other_and_its_parent_is_not(
    forkserver: ForkServer, worker: WorkerProcess, until: Until
) -> None:
    until(lambda: worker.is_ready)
    here, parent = psutil.Process(worker.pid), psutil.Process(forkserver.pid)
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    assert here.ppid() == parent.pid and parent.ppid() == os.getpid()
    assert here.nice() == parent.nice()
    assert (
        resource.prlimit(worker.pid, resource.RLIMIT_DATA) == (half, half) != resource.prlimit(parent.pid, resource.RLIMIT_DATA)
    )
    assert [Path(f"/proc/{p.pid}/oom_score_adj").read_text() for p in (here, parent)] == ["600\n", "0\n"]
    groups = [os.getpgid(pid) for pid in (worker.pid, forkserver.pid, 0)]
    assert groups[:2] == [worker.pid, forkserver.pid] and len(set(groups)) == 3  # Ctrl-C reaches neither
    assert (here.name(), parent.name()) == ("gandash-worker", "gandash-fork")


def test_a_worker_steps_back_when_it_begins_to_play(
    forkserver: ForkServer, worker: WorkerProcess, tiny: GameConfig, tmp_path: Path, until: Until
) -> None:
    until(lambda: worker.is_ready)
    heard = begun(worker, tiny, tmp_path / "run", until)
    here, nice = psutil.Process(worker.pid), psutil.Process(forkserver.pid).nice()
    assert here.nice() == nice  # somebody waits for its first picture
    worker.send(Play())
    until(lambda: any(e.status == "running" for e in heard.of(StatusChanged)), what="it plays")
    assert here.nice() == nice + 10
    worker.send(Pause())
    worker.send(Play())  # once is enough
    until(lambda: [e.status for e in heard.of(StatusChanged)][-3:] == ["running", "paused", "running"], what="it plays again")
    assert here.nice() == nice + 10


def test_the_fork_server_has_one_thread_and_a_worker_no_file_of_anothers(
    forkserver: ForkServer, worker: WorkerProcess, until: Until
) -> None:
    second = WorkerProcess(forkserver.fork())
    until(lambda: second.is_ready)
    assert psutil.Process(forkserver.pid).num_threads() == 1
    assert files(second.pid) == 4  # stdin, stdout that goes to stderr, stderr, and the packets
    second.end()
    assert second.wait(PATIENCE_SECONDS) == 0


def test_the_same_game_is_played_bit_for_bit_however_its_worker_came_to_be(
    forkserver: ForkServer, tiny: GameConfig, tmp_path: Path, until: Until
) -> None:
    found = []
    for i, process in enumerate((forkserver.fork(), forkserver.fork(), Spawned(), forkserver.fork())):
        worker = WorkerProcess(process)
        heard = begun(worker, tiny.replace("run.seed", 4) if i == 3 else tiny, tmp_path / str(i), until)
        worker.send(StepBy(n=200))
        until(lambda heard=heard: [e for e in heard.of(Saved) if e.step == 200], what="200 steps")
        worker.end()
        assert worker.wait(PATIENCE_SECONDS) == 0
        (saved,) = load(tmp_path / str(i) / "checkpoint.safetensors")
        assert saved.step == 200
        found.append(np.concatenate([saved.state.theta, saved.state.phi], axis=None))
    first, second, spawned, other = found
    assert np.isfinite(first).all() and np.array_equal(first, second) and np.array_equal(first, spawned)
    assert not np.array_equal(first, other)


def test_fifty_workers_leave_no_file_no_thread_and_no_process_behind(forkserver: ForkServer, until: Until) -> None:
    def come_and_go() -> None:
        workers = [WorkerProcess(forkserver.fork()) for _ in range(5)]
        for worker in workers:
            worker.end()
        assert [worker.wait(PATIENCE_SECONDS) for worker in workers] == [0] * 5
        ids = {str(id(worker)) for worker in workers}
        until(lambda: not [t for t in threading.enumerate() if t.name.split()[-1] in ids], what="the threads' end")

    come_and_go()
    before = files(), files(forkserver.pid), threading.active_count()
    for _ in range(10):
        come_and_go()
    until(lambda: (files(), files(forkserver.pid), threading.active_count()) == before, what="everything as before")
    assert psutil.Process(forkserver.pid).children() == []


# ----------------------------------------------------------------------------------------------------- workers that fail


def test_a_killed_forked_worker_is_reported_with_its_signal(worker: WorkerProcess, until: Until) -> None:
    heard = Heard()
    worker.give_to(heard)
    until(lambda: worker.is_ready)
    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: heard.exits)
    assert heard.exits == ["killed by signal 9, as happens when memory runs out"]
    assert worker.wait(0) == -signal.SIGKILL and not worker.is_alive
    worker.kill()  # its number may be another's by now
    worker.end()


def test_a_worker_that_does_not_end_when_asked_is_killed(worker: WorkerProcess, until: Until) -> None:
    until(lambda: worker.is_ready)
    os.kill(worker.pid, signal.SIGSTOP)
    worker.end(patience_seconds=0.1)
    assert worker.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def test_what_the_system_refuses_is_told_in_its_words(own: ForkServer, tiny: GameConfig, until: Until) -> None:
    """So few open files are allowed that one too many is the one that a worker would be followed by."""
    first = WorkerProcess(own.fork())
    until(lambda: first.is_ready)
    numbers = sorted(map(int, os.listdir(f"/proc/{own.pid}/fd")))
    taken = set(numbers)
    room = next(limit for limit in range(100) if limit - len([n for n in taken if n < limit]) == 3)  # for what comes with it
    resource.prlimit(own.pid, resource.RLIMIT_NOFILE, (room, resource.prlimit(own.pid, resource.RLIMIT_NOFILE)[1]))
    second, heard = WorkerProcess(own.fork()), Heard()
    second.give_to(heard)
    until(lambda: heard.exits)
    assert heard.exits == ["Too many open files"] and second.wait(0) == UNKNOWN
    until(lambda: [c.pid for c in psutil.Process(own.pid).children()] == [first.pid])
    assert first.is_alive
    first.end()
    assert first.wait(PATIENCE_SECONDS) == 0


# --------------------------------------------------------------------------------------------- a fork server that fails


def test_a_killed_fork_server_is_replaced_and_its_workers_play_on(
    own: ForkServer, tiny: GameConfig, tmp_path: Path, until: Until
) -> None:
    worker = WorkerProcess(own.fork())
    heard = begun(worker, tiny, tmp_path, until)
    lost = own.pid
    os.kill(lost, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(lost) or psutil.Process(lost).status() == psutil.STATUS_ZOMBIE)
    own.replace_dead(time.monotonic())
    assert own.pid == lost  # not again and again at once, where it cannot even start
    own.replace_dead(time.monotonic() + module.RETRY_SECONDS + 1)
    assert own.pid != lost
    worker.send(StepBy(n=5))
    until(lambda: [e for e in heard.of(Saved) if e.step == 5], what="five steps")
    another = WorkerProcess(own.fork())
    until(lambda: another.is_ready, what="another worker")
    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: heard.exits)
    assert heard.exits == ["how it ended is not known"]
    another.end()
    assert another.wait(PATIENCE_SECONDS) == 0


def test_a_worker_asked_of_a_fork_server_that_dies_is_lost_and_the_next_is_not(own: ForkServer, until: Until) -> None:
    os.kill(own.pid, signal.SIGSTOP)  # before it has imported anything
    worker, heard = WorkerProcess(own.fork()), Heard()
    worker.give_to(heard)
    assert worker.is_alive and worker.pid == 0
    worker.kill("it did not start")  # as for one that has hung: what hangs is the fork server
    until(lambda: heard.exits)
    assert heard.exits == ["it did not start"] and not worker.is_alive
    another = WorkerProcess(own.fork())
    until(lambda: another.is_ready, what="another worker")
    another.end()
    assert another.wait(PATIENCE_SECONDS) == 0


def test_where_torch_cannot_be_imported_the_run_fails_in_words(
    tiny: GameConfig, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch_cpu.so: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    keeper = Supervisor(Limits())
    run = keeper.create(tiny, "tiny")
    until(lambda: run.status is Status.FAILED)
    assert "lost 4 times in a row (the process that starts the trainers was lost)" in run.reason
    keeper.close()
    with pytest.raises(OSError, match="shutting down"):
        keeper._start_worker()


def test_where_no_process_can_be_started_a_run_is_refused_in_words(
    tiny: GameConfig, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Supervisor(Limits())
    try:
        with monkeypatch.context() as patch:
            patch.setattr(module.socket, "socketpair", no_more)
            keeper._take_worker().end()  # the spare, and then there is none
            with pytest.raises(Unavailable, match="Too many open files"):
                keeper.create(tiny, "tiny")
    finally:
        keeper.close()


def no_more(*_: Any, **__: Any) -> Any:
    raise OSError(24, "Too many open files")


def test_closing_waits_for_nobody_who_is_not_there_yet(until: Until) -> None:
    """Ctrl-C in the first second: the fork server still imports, and the spare is still to be forked."""
    keeper = Supervisor(Limits())
    server, spare = keeper._forkserver, keeper._spare
    assert server is not None and spare is not None
    os.kill(server.pid, signal.SIGSTOP)
    keeper.close()
    assert not psutil.pid_exists(server.pid) and spare.wait(0) == UNKNOWN


def test_without_fork_workers_import_everything_by_themselves(
    tiny: GameConfig, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(pid: int) -> int:
        raise OSError(38, "Function not implemented")  # as under gVisor

    monkeypatch.setattr(os, "pidfd_open", refused)
    keeper = Supervisor(Limits())
    run = keeper.create(tiny, "tiny")
    assert keeper._forkserver is None and isinstance(run._worker._process, Spawned)
    until(lambda: run.facts, what="a game")
    keeper.close()


# ------------------------------------------------------------------------------------------------------ compiled rounds


def test_what_is_compiled_meanwhile_plays_later_runs_and_is_read_once_for_all(
    tiny: GameConfig, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = disk_cache.directory()
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    server = ForkServer()
    try:
        workers, engines = [], []
        for i in range(3):
            workers.append(WorkerProcess(server.fork()))
            heard = begun(workers[-1], tiny, tmp_path / str(i), until)
            engines.append(heard.of(Started)[0].games[0].facts.engine)
            if i == 0:
                shutil.copytree(ready, tmp_path / "cache" / "gandash" / ready.name)
            workers[-1].send(StepBy(n=3))
            until(lambda heard=heard: [e for e in heard.of(Saved) if e.step == 3], what="3 steps")
        assert engines == ["torch", "compiled", "compiled"]
        maps = [Path(f"/proc/{pid}/maps").read_text() for pid in (workers[0].pid, server.pid, workers[2].pid)]
        assert ["llvmlite" in mapped for mapped in maps] == [False, True, True]
        assert psutil.Process(server.pid).num_threads() == 1
        for worker in workers:
            worker.end()
            assert worker.wait(PATIENCE_SECONDS) == 0
    finally:
        server.close()


def test_the_process_that_compiles_ends_with_the_server(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")
    monkeypatch.setattr(compiling, "AFTER_SECONDS", 600.0)

    def compilers() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "gandash.worker.compiling" in child.cmdline()]

    with compiling.compiling():
        (process,) = until(compilers, what="a process")
        assert process.is_running()
    assert not compilers()


def test_where_it_cannot_be_started_the_server_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiling.subprocess, "Popen", no_more)
    with compiling.compiling():
        pass
    assert "games are played by torch: [Errno 24] Too many open files" in caplog.text
