"""On a real Ray cluster of this machine: runs are played there as here, and outlive the machines that they are on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from clusters import NODE, running_cluster
from heard import Heard

from gandash.cluster.broker import Placed
from gandash.cluster.carrying import CHECKPOINT, FILE, Followed, Part, packed, sent, unpacked
from gandash.config import GameConfig
from gandash.server import cluster
from gandash.server.cluster import Cluster, Remote
from gandash.server.forkserver import start_early
from gandash.server.health import ON_CLUSTER, Limits
from gandash.server.origin import BranchPoint
from gandash.server.process import WorkerProcess
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.store.format import JOURNAL
from gandash.store.keyframes import state_hash
from gandash.store.places import runs_home
from gandash.store.reading import StoredRun
from gandash.wire.browser import Status
from gandash.wire.messages import (
    EVENT,
    Pace,
    Recording,
    Saved,
    Set,
    Start,
    StepBy,
    Unrecorded,
    Unsaved,
    read_packet,
    write_packet,
)
from gandash.worker.checkpoint import load
from gandash.worker.hosted import Hosted, _caller
from gandash.worker.keyframe import states_of
from gandash.worker.trajectory import Trajectory, be_reproducible, replay

Until = Callable[..., Any]
LR = "discriminator_optimiser.learning_rate"


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    with running_cluster() as started:
        started.add_node(**NODE)
        yield started


@pytest.fixture(scope="module")
def house(head: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANDASH_RECORD", "1")
        patch.setenv("GANDASH_HOME", str(tmp_path_factory.mktemp("home")))
        keeper = Supervisor(Limits(), cluster=Cluster(head.address))
        yield keeper
        keeper.close()
        assert not keeper._directory.exists() and keeper._forkserver is None


def state(played: Trajectory) -> str:
    return state_hash(states_of([played]))


def checkpoint(run: Run) -> Trajectory:
    return load(run.directory / "checkpoint.safetensors")[0]


def lose_machine(head: Any, pid: int) -> None:
    """The machine of this worker goes at once."""
    raylet = psutil.Process(pid).ppid()
    (lost,) = (node for node in head.worker_nodes if node.all_processes["raylet"][0].process.pid == raylet)
    head.remove_node(lost, allow_graceful=False)


def shortage(house: Supervisor) -> str:
    assert house._cluster is not None
    return house._cluster.shortage()


def test_a_run_is_played_there_as_here_and_goes_on_elsewhere_when_its_machine_is_lost(
    house: Supervisor, head: Any, tiny: GameConfig, until: Until, torch_as_before: None
) -> None:
    be_reproducible()
    run = house.create(tiny, "tiny", "me")
    run.attach("steer", lambda: None)  # a run that nobody looks at makes room for others
    until(lambda: run.facts, what="a game")
    until(lambda: (spare := house._spare) and spare.is_ready, what="a spare on the other machine")

    def play(rounds: int) -> None:
        wanted = run.step + rounds
        assert not run.order(StepBy(n=rounds))
        until(lambda: run.step == wanted and checkpoint(run).step == wanted, what=f"step {wanted}")

    play(150)
    assert not run.order(Set(path=LR, value=0.25))
    play(150)
    assert state(checkpoint(run)) == state(replay(tiny, run.changes, 300))

    first = run._worker.pid
    lose_machine(head, first)
    until(lambda: run.notice and not run._is_outdated, what="its return on the other machine")
    assert "was lost at step 300 (the machine " in run.notice and "continues from its last checkpoint" in run.notice
    assert run._worker.pid != first and (run.step, run.status) == (300, Status.PAUSED)
    play(50)
    assert state(checkpoint(run)) == state(replay(tiny, run.changes, 350))

    lacking = "A run needs 1 CPU of the Ray cluster, and 0 of its {} are free. Try again when somebody has closed a tab; or add"
    until(lambda: lacking.format(1) in shortage(house), what="the cluster's own word of the loss")
    with pytest.raises(Unavailable, match=lacking.format(1)):
        house.create(tiny, "tiny", "you")

    psutil.Process(run._worker.pid).parent().kill()  # Ray's process alone: the trainer's must not live on by itself
    until(lambda: "was lost at step 350" in run.notice, what="another notice")
    until(lambda: lacking.format(0) in shortage(house), what="the cluster's own word of the loss")
    assert run._is_outdated
    head.add_node(**NODE)
    until(lambda: not run._is_outdated, what="its return on a new machine")
    assert run.notice.endswith("continues from its last checkpoint.")
    play(50)
    assert state(checkpoint(run)) == state(replay(tiny, run.changes, 400))

    record, changes = run.record, run.changes
    run.end("")
    run.wait_for_worker()
    kept = StoredRun(runs_home() / record)
    assert kept.steps == 400 and [tuple(of) for of in kept.changes] == [changes] and kept.metrics().recent.steps[-1] == 400
    assert kept.states[400].state == state(replay(tiny, changes, 400)), "what was recorded on three machines is one run"

    until(lambda: not house._shortage(), what="a spare in the room of the run that ended")
    branch = house.branch(BranchPoint.of(runs_home() / record, 320), "me")
    until(lambda: branch.facts, what="a branch")
    until(lambda: branch._recovery.checkpoint, what="its state")
    assert branch.step == 320
    assert state(checkpoint(branch)) == state(replay(tiny, changes, 320))
    until(lambda: shortage(house) and house._spare is None, what="a cluster that is full")
    waiting = house._start_worker()  # as a run would that has lost its own
    assert waiting.delay.startswith(lacking.format(1))
    waiting.end()
    waiting.wait()


def test_a_cluster_that_is_not_there_is_said_to_who_wants_a_run(
    tiny: GameConfig, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        keeper = Supervisor(Limits(), cluster=Cluster(f"127.0.0.1:{free.getsockname()[1]}"))
        try:
            until(lambda: shortage(keeper), what="the broker's word")
            with pytest.raises(Unavailable, match=r"\(GANDASH_RAY\), and there is none: .*nothing answers there"):
                keeper.create(tiny, "tiny", "me")
            before = keeper._cluster._broker  # type: ignore[union-attr]
            until(lambda: before.poll() == 1, what="its end")  # type: ignore[union-attr]
            monkeypatch.setattr(cluster, "RETRY_SECONDS", 0.0)
            assert not shortage(keeper), "perhaps there is one by now"
            keeper._start_worker().end()
            assert keeper._cluster._broker is not before  # type: ignore[union-attr]
        finally:
            keeper.close()


def test_what_cannot_be_kept_here_is_said(tmp_path: Path, until: Until, tiny: GameConfig) -> None:
    """A worker that is played by this test, and a server without a disk for it."""
    remote = Remote(Cluster("nowhere"), 1, "token")
    worker, heard = WorkerProcess(remote), Heard()
    worker.give_to(heard)
    for name in ("file", "gone"):
        (tmp_path / name).touch()  # and no folder
    record = Recording(directory=str(tmp_path / "file" / "run"), id="run")
    worker.send(Start(generation=3, configs=(tiny,), directory=str(tmp_path / "gone"), record=record))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        remote.placed(Placed(worker=1, host="127.0.0.1", port=listener.getsockname()[1], pid=7))
        channel, _ = listener.accept()
    with channel, channel.makefile("rwb") as stream:
        assert stream.read(5) == b"token"
        kind, body = read_packet(stream) or (b"", b"")
        start = Start.model_validate_json(body)
        assert (kind, start.directory, start.record and start.record.directory) == (EVENT, "", "run")
        for step in (10, 20):
            for part in sent(b"state", "", CHECKPOINT):
                write_packet(stream, FILE, part)
            saved = Saved(generation=3, step=step, path="/elsewhere/checkpoint.safetensors")
            write_packet(stream, EVENT, saved.model_dump_json().encode())
            write_packet(stream, FILE, packed(Part(folder="run", name="manifest.json"), b"{}"))
            write_packet(stream, FILE, packed(Part(folder="other", name="manifest.json"), b"{}"))
        until(lambda: heard.of(Unsaved) and heard.of(Unrecorded), what="words")
        write_packet(stream, EVENT, Pace(generation=3).model_dump_json().encode())
        until(lambda: heard.of(Pace), what="what came after all that")
        (tmp_path / "gone").unlink()
        for part in sent(b"state", "", CHECKPOINT):
            write_packet(stream, FILE, part)
        write_packet(stream, EVENT, Saved(generation=3, step=30, path="/elsewhere").model_dump_json().encode())
        until(lambda: heard.of(Saved), what="a checkpoint that could be written")
        assert [type(event) for event in heard.events] == [Unsaved, Unrecorded, Pace, Saved], "each is said once"
        assert [event.reason for event in heard.events[:2]] == ["File exists", "Not a directory"]
        assert heard.events[3] == Saved(generation=3, step=30, path=str(tmp_path / "gone" / CHECKPOINT))
        assert (tmp_path / "gone" / CHECKPOINT).read_bytes() == b"state" and not (tmp_path / "other").exists()
        write_packet(stream, FILE, packed(Part(folder="", name="../x")))
        until(lambda: heard.exits, what="its end")
        assert "unreadable: not a name of ours" in heard.exits[0]


def test_what_the_environment_says_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Cluster.of_environment() is None
    monkeypatch.setenv("GANDASH_RAY", "10.0.0.1:6379")
    found = Cluster.of_environment()
    assert found is not None and (found.address, found.cpus) == ("10.0.0.1:6379", 1.0)
    assert Limits.from_environment().runs == ON_CLUSTER and start_early.__wrapped__() is None
    for given, cpus in (("0.25", 0.25), ("none", 1.0), ("0", 1.0), ("nan", 1.0)):
        monkeypatch.setenv("GANDASH_RAY_CPUS", given)
        found = Cluster.of_environment()
        assert found is not None and found.cpus == cpus
    monkeypatch.setenv("GANDASH_RUNS", "3")
    assert Limits.from_environment().runs == 3


def test_a_worker_is_spoken_to_by_who_has_the_token_alone() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    at, answered = listener.getsockname(), []
    waiting = threading.Thread(target=lambda: answered.append(_caller(listener, "token")))
    waiting.start()
    with socket.create_connection(at) as stranger:
        stranger.sendall(b"tokem")
        assert stranger.recv(1) == b""
    with socket.create_connection(at) as silent:
        silent.shutdown(socket.SHUT_WR)
        assert silent.recv(1) == b""
    with socket.create_connection(at) as server:
        server.sendall(b"token")
        waiting.join()
        (channel,) = answered
        assert channel is not None
        with channel:
            server.sendall(b"x")
            assert channel.recv(1) == b"x"


def test_a_checkpoint_goes_up_after_the_rows_that_lead_to_it(tmp_path: Path) -> None:
    """Where the machine is lost on the way, the run goes on from the checkpoint before, and its record has no hole."""
    record, checkpoint = tmp_path / "run-1", tmp_path / "checkpoint.safetensors"
    (record / JOURNAL).mkdir(parents=True)
    (record / JOURNAL / "000000-0000000001-0000000001.rows").write_bytes(b"rows")
    checkpoint.write_bytes(b"a state")
    ours, theirs = socket.socketpair()
    with ours, theirs, theirs.makefile("rb") as up:
        hosted = Hosted(ours, tmp_path)
        hosted._followed["run-1"] = Followed("run-1", record)
        hosted._saved = Saved(generation=1, step=7, path=str(checkpoint))
        hosted._is_over = True
        hosted._follow()
        packets = [read_packet(up, (FILE, EVENT)) for _ in range(3)]
        hosted._up.close()
        hosted._down.close()
    (kind, rows), (_, state), (last, told) = filter(None, packets)
    assert (kind, last) == (FILE, EVENT) and b"saved" in told
    assert JOURNAL in unpacked(rows)[0].name and unpacked(state)[1] == b"a state"
