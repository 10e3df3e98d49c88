"""One worker process: it starts, plays, and ends when its parent does; what comes from a broken one is survived."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from heard import Heard
from waiting import PATIENCE_SECONDS

from gandash.config import GameConfig
from gandash.server.forkserver import ForkServer, Spawned
from gandash.server.process import WAITING_COMMANDS, TooManyCommands, WorkerProcess
from gandash.wire.frame import unpack
from gandash.wire.messages import (
    EVENT,
    FRAME,
    METRICS,
    Changed,
    Event,
    Play,
    Refused,
    Saved,
    SendFrame,
    Set,
    Start,
    Started,
    Status,
    StatusChanged,
    event_adapter,
    read_packet,
)
from gandash.worker.checkpoint import load

Until = Callable[..., Any]


@pytest.fixture
def fake(until: Until) -> Iterator[Callable[[str], WorkerProcess]]:
    """Workers that are a few lines of Python instead of ours."""
    made: list[WorkerProcess] = []

    def make(code: str) -> WorkerProcess:
        made.append(WorkerProcess(Spawned([sys.executable, "-S", "-c", code])))
        return made[-1]

    yield make
    for worker in made:
        worker.end(0.0)
    until(lambda: not any(w.is_alive for w in made))
    names = {str(id(w)) for w in made}
    until(lambda: not [t for t in threading.enumerate() if t.name.split()[-1] in names], what="the threads' end")


@pytest.mark.parametrize("is_forked", [True, False], ids=["forked", "spawned"])
def test_a_worker_plays_adjusts_draws_and_saves(
    forkserver: ForkServer, tiny: GameConfig, tmp_path: Path, until: Until, is_forked: bool
) -> None:
    worker, heard = WorkerProcess(forkserver.fork() if is_forked else Spawned()), Heard()
    worker.give_to(heard)
    worker.send(Start(generation=1, configs=(tiny,), directory=str(tmp_path)))
    until(lambda: heard.of(Started), what="a game")
    assert worker.is_ready
    worker.send(Play())
    worker.send(Set(path="run.batch", value=16))
    worker.send(SendFrame())
    until(
        lambda: (
            heard.of(Changed)
            and any(k == FRAME for k, _ in list(heard.packets))
            and any(k == METRICS for k, _ in list(heard.packets))
        )
    )
    frame = next(unpack(body)[0] for kind, body in heard.packets if kind == FRAME)
    assert frame["kind"] == "frame" and frame["generation"] == 1
    worker.send(Set(path="generator.width", value=3))
    until(lambda: heard.of(Refused))
    assert heard.of(StatusChanged)[-1].status is Status.RUNNING
    worker.end()
    assert worker.wait(PATIENCE_SECONDS) == 0
    (saved,) = load(tmp_path / "checkpoint.safetensors")
    assert saved.step > 0 and saved.config.run.batch == 16
    assert heard.exits == []  # an end that was asked for is no news
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.safetensors"]


def test_garbage_on_stdin_is_refused_stray_prints_do_no_harm_and_end_of_file_saves(tiny: GameConfig, tmp_path: Path) -> None:
    """A worker by hand, with `print`, and a write below Python, from within its step; then its parent is gone."""
    code = (
        "import os\n"
        "from gandash.worker import loop, main\n"
        "plain = loop.Games.advance\n"
        "def advance(self, *players):\n"
        "    print('stray', flush=True); os.write(1, b'stray too')\n"
        "    plain(self, *players)\n"
        "loop.Games.advance = advance\n"
        "main.main()\n"
        "os._exit(0)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment
        ) as worker,
    ):
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(b"hello\n{}\n" + b'{"type":"restart"}\n' + b"[" * 3000 + b"\n")
        for command in (Start(generation=1, configs=(tiny,), directory=str(tmp_path)), Play()):
            worker.stdin.write(command.model_dump_json().encode() + b"\n")
        worker.stdin.flush()
        events: list[Event] = []
        while (packet := read_packet(worker.stdout)) is not None:
            if packet[0] == EVENT:
                events.append(event_adapter.validate_json(packet[1]))
            elif packet[0] == METRICS and unpack(packet[1])[1]["step"][-1] > 20 and not worker.stdin.closed:
                worker.stdin.close()
        assert worker.wait(PATIENCE_SECONDS) == 0
    refused = [e for e in events if isinstance(e, Refused)]
    assert len(refused) == 4 and all("not a command" in e.message for e in refused)
    last = [e for e in events if isinstance(e, Saved)][-1]
    assert load(tmp_path / "checkpoint.safetensors")[0].step == last.step > 20
    assert (tmp_path / "log").read_text().count("stray too") > 0  # as often as the loop had rounds played


def test_a_killed_worker_is_reported_once_with_its_signal(fake: Callable[[str], WorkerProcess], until: Until) -> None:
    worker, heard = fake("import time; time.sleep(60)"), Heard()
    worker.give_to(heard)
    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: heard.exits)
    assert heard.exits == ["killed by signal 9, as happens when memory runs out"] and not worker.is_alive


def test_who_takes_a_worker_that_is_dead_already_hears_of_it(fake: Callable[[str], WorkerProcess], until: Until) -> None:
    worker, heard = fake("raise SystemExit(3)"), Heard()
    until(lambda: not worker.is_alive)
    worker.give_to(heard)
    until(lambda: heard.exits)
    assert heard.exits == ["exit status 3"]


@pytest.mark.parametrize(
    "code",
    [
        "print('Hello, I am no packet', flush=True); import time; time.sleep(60)",
        "import sys; sys.stdout.buffer.write(b'E' + (99).to_bytes(4, 'little') + b'cut'); sys.stdout.close()",
        "import sys,time; sys.stdout.buffer.write(b'E\\x02\\0\\0\\0{}'); sys.stdout.flush(); time.sleep(60)",
        "import sys,time; sys.stdout.buffer.write(b'F\\xff\\xff\\xff\\xff'); sys.stdout.flush(); time.sleep(60)",
        "import os\nwhile True: os.write(1, os.urandom(65536))",
    ],
    ids=["garbage", "cut short", "no event", "a giant", "a flood"],
)
def test_a_worker_that_sends_garbage_is_ended_and_reported(
    fake: Callable[[str], WorkerProcess], until: Until, code: str
) -> None:
    worker, heard = fake(code), Heard()
    worker.give_to(heard)
    until(lambda: heard.exits)
    assert len(heard.exits) == 1 and "unreadable" in heard.exits[0] and "\n" not in heard.exits[0]
    assert not worker.is_alive


def test_an_owner_that_fails_does_not_leave_the_worker_unwatched(fake: Callable[[str], WorkerProcess], until: Until) -> None:
    worker, heard = (
        fake("import sys,time; time.sleep(0.2); sys.stdout.buffer.write(b'F\\0\\0\\0\\0'); sys.stdout.flush(); time.sleep(60)"),
        Heard(),
    )

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug of ours")

    heard.on_bytes = broken  # type: ignore[method-assign]
    worker.give_to(heard)
    until(lambda: heard.exits)
    assert not worker.is_alive


def test_a_worker_that_does_not_listen_refuses_more_commands_and_still_ends(
    fake: Callable[[str], WorkerProcess], until: Until
) -> None:
    worker, heard = fake("import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"), Heard()
    worker.give_to(heard)
    big = Set(path="run.batch", value="x" * 5000)
    with pytest.raises(TooManyCommands, match="try again"):
        for _ in range(WAITING_COMMANDS + 100):
            worker.send(big)
    worker.end()
    until(lambda: not worker.is_alive)
    assert not heard.exits


def test_one_that_ignores_the_end_is_killed_after_a_while(fake: Callable[[str], WorkerProcess]) -> None:
    worker = fake("import time; time.sleep(60)")
    worker.end(patience_seconds=0.1)
    assert worker.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def test_sending_to_a_dead_worker_harms_nobody(fake: Callable[[str], WorkerProcess], until: Until) -> None:
    worker = fake("pass")
    until(lambda: not worker.is_alive)
    for _ in range(10):
        worker.send(Play())
    worker.kill()
    worker.end()
    assert worker.wait(1) == 0


def test_a_flood_on_stderr_is_only_a_long_log(fake: Callable[[str], WorkerProcess], until: Until, tmp_path: Path) -> None:
    """Logs go where the server's go; nobody here has to read them for the worker to go on."""
    code = (
        "import os, sys\n"
        f"os.dup2(os.open({str(tmp_path / 'log')!r}, os.O_WRONLY | os.O_CREAT), 2)\n"
        "for _ in range(1000): sys.stderr.write('x' * 10_000)\n"
        'sys.stdout.buffer.write(b\'E\\x14\\0\\0\\0{"type":"heartbeat"}\'); sys.stdout.flush()\n'
        "sys.stdin.read(1)\n"
    )
    worker, heard = fake(code), Heard()
    worker.give_to(heard)
    until(lambda: worker.has_spoken)
    assert (tmp_path / "log").stat().st_size == 10_000_000 and not heard.exits


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("MemoryError()", "more memory than there is; try narrower networks"),
        ("RuntimeError('[enforce fail] can\\'t allocate memory: you tried')", "more memory than there is"),
        ("ZeroDivisionError('division by zero\\nand more')", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_failing_trainer_says_why_and_the_log_has_the_traceback(
    until: Until, capfd: pytest.CaptureFixture[str], error: str, words: str
) -> None:
    code = (
        "import sys, types\n"
        f"def fail(*_): raise {error}\n"
        "sys.modules['gandash.worker.loop'] = types.SimpleNamespace(Loop=fail)\n"
        "sys.modules['gandash.worker.trajectory'] = types.SimpleNamespace(be_reproducible=list)\n"
        "from gandash.worker import main\n"
        "main.main()\n"
    )
    worker, heard = WorkerProcess(Spawned([sys.executable, "-c", code])), Heard()
    worker.give_to(heard)
    until(lambda: heard.exits)
    assert words in heard.exits[0] and "\n" not in heard.exits[0]
    assert worker.wait(PATIENCE_SECONDS) == 1
    assert "Traceback" in capfd.readouterr().err


def test_a_worker_may_not_take_all_memory_and_goes_before_the_server_does() -> None:
    """Zeros are not touched: without the limit this test would take no memory either, and fail."""
    code = (
        "import os\n"
        "from gandash.worker import main\n"
        "main.limit_resources()\n"
        "print(open('/proc/self/oom_score_adj').read().strip())\n"
        "bytearray(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') * 2 // 3)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert done.stdout == "600\n" and "MemoryError" in done.stderr and done.returncode == 1
