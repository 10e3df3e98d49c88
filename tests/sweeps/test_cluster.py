"""On a real Ray cluster of this machine: whoever plays a sweep, and whatever is lost meanwhile, its table is the same."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from clusters import NODE, running_cluster

from gandash.cli import cli
from gandash.cluster import arriving, joining
from gandash.cluster.joining import NoCluster
from gandash.cluster.versions import versions
from gandash.config import GameConfig
from gandash.sweeps import cluster
from gandash.sweeps.cluster import PARTS_PER_CORE, connected, gains_by_gpu
from gandash.sweeps.local import SweepFailed, play_missing
from gandash.sweeps.planning import planned
from gandash.sweeps.playing import play
from gandash.sweeps.results import Results
from gandash.sweeps.sweep import Sweep
from gandash.words import words_of

Made = Callable[..., Sweep]
ROOT = Path(__file__).parents[2]
GAMES = ("generator_optimiser.learning_rate=1e-3:1e-1:8log", "discriminator_optimiser.learning_rate=1e-3:1e-1:4log")


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    with running_cluster() as started:
        yield started


def same(a: Any, b: Any) -> bool:
    """Bit for bit, whatever the order of columns; NaN is NaN."""
    names = sorted(a.column_names)
    return names == sorted(b.column_names) and bool(a.select(names).to_pandas().equals(b.select(names).to_pandas()))


def test_a_sweep_begun_on_a_cluster_goes_on_without_and_the_other_way_round(small: Made, tmp_path: Path, head: Any) -> None:
    out = str(tmp_path / "sweep")
    rates = "generator_optimiser.learning_rate=1e-3:1e-1:8log"
    game = ("--preset", "two-modes", "--set", "generator.width=4", "--set", "discriminator.width=4", "--set", "run.batch=8")
    spent = ("--axis", rates, "--steps", "40", "--budget", "1e-9", "--out", out, "--ray", head.address)
    begun = CliRunner().invoke(cli, ["sweep", *game, *spent])
    assert begun.exit_code == 0 and "0 of 8 games played" in begun.stdout, begun.output
    results = Results.open(Path(out))
    stopping: list[int] = []
    with connected(head.address, cores=1) as there:
        for at in there.play_missing(results, is_stopping=lambda: bool(stopping)):
            stopping.append(at.cells)
    left = len(results.missing())
    assert 0 < left < len(results.parts), "what was in play was finished, and nothing else begun"
    for _ in play_missing(results, 1):
        pass
    with connected(head.address) as there:
        assert [at.cells for at in there.play_missing(results)] == []
        config = results.sweep.model_dump(mode="json")
        assert same(results.table(), play({"sweep": config, "cells": list(range(8))}))
        wrong = Results.begin(tmp_path / "other", results.sweep, results.parts)
        other = versions() | {"torch": "1.0"}
        refused = pytest.raises(SweepFailed, match=r"has torch \S+ for 1\.0: install there")
        with pytest.MonkeyPatch.context() as patch, refused as problem:
            patch.setattr(cluster, "versions", lambda: other)
            for _ in there.play_missing(wrong):
                pass
        assert words_of(problem.value).id == "{host} has {found}: install there what is installed here"  # a message still


def test_a_sweep_is_the_same_alone_on_processes_and_on_a_cluster_that_loses_a_machine(
    small: Made, tmp_path: Path, head: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = small(*GAMES, seeds=2, steps=60)
    alone = play({"sweep": sweep.model_dump(mode="json"), "cells": list(range(sweep.count))})
    in_parts = Results.begin(tmp_path / "local", sweep, planned(sweep))
    for _ in play_missing(in_parts, 2):
        pass
    results = Results.begin(tmp_path / "cluster", sweep, planned(sweep))
    assert len(results.parts) > 16
    (first,) = head.worker_nodes
    lost, asked = [], []
    with connected(head.address) as there:
        assert there.cores == 1
        wait = there._ray.wait
        monkeypatch.setattr(there._ray, "wait", lambda refs, **given: asked.append(len(refs)) or wait(refs, **given))
        monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.0)
        for at in there.play_missing(results):
            if at.cells and not lost:  # all were played on that machine, and it has the next ones
                lost.append(at.cells)
                head.add_node(**NODE)
                head.remove_node(first, allow_graceful=False)
        assert (at.cells, at.steps) == (sweep.count, sum(alone["steps"].to_pylist()))
        assert max(asked) <= 2 * PARTS_PER_CORE
    assert 0 < lost[0] < sweep.count and results.missing() == []
    assert same(results.table(), alone) and same(in_parts.table(), alone)


def test_a_cluster_that_is_not_there_is_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # nobody listens
        for address, told in (
            (f"127.0.0.1:{port}", r"nothing answers there \(Connection refused\)"),
            (f"ray://127.0.0.1:{port}", "nothing answers there"),
            ("somewhere", "this is no address; give auto, or HOST:PORT"),
            ("127.0.0.1:0", "this is no address"),
        ):
            with pytest.raises(NoCluster, match=told), connected(address):
                pass
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
        with pytest.raises(NoCluster, match="nothing answers there"), connected("auto"):
            pass
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            with other.accept()[0] as asked:
                asked.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                with suppress(ConnectionError):
                    while asked.recv(100):
                        pass

        answering = threading.Thread(target=answer)
        answering.start()
        with (
            pytest.raises(NoCluster, match="whoever answers there is no Ray"),
            connected(f"127.0.0.1:{other.getsockname()[1]}"),
        ):
            pass
        answering.join()
    refused = CliRunner().invoke(cli, ["sweep", "--axis", GAMES[0], "--out", str(tmp_path / "none"), "--ray", "somewhere"])
    assert refused.exit_code == 2 and "--ray somewhere: this is no address" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1 and not list(tmp_path.iterdir())
    monkeypatch.setattr(joining, "find_spec", lambda name: None)
    with pytest.raises(NoCluster, match=r"Ray is not installed here: pip install ray=="), connected("auto"):
        pass


def test_the_version_that_is_asked_for_is_the_pinned_one() -> None:
    assert f"ray=={joining.VERSION}" in (ROOT / "tests" / "requirements.txt").read_text().split()
    assert f'"ray=={joining.VERSION}"' in (ROOT / "gandash" / "pyproject.toml").read_text()


def test_a_machine_takes_its_own_code_if_it_is_the_same_and_else_what_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, archive = arriving.name_of(ROOT), arriving.packed(ROOT)
    monkeypatch.setattr(sys, "modules", {key: value for key, value in sys.modules.items() if key != "gandash"})
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    arriving.find_code(name, str(ROOT), archive)
    assert sys.path == [str(ROOT)] and not list(tmp_path.iterdir())
    (tmp_path / "clone" / "gandash").mkdir(parents=True)
    (tmp_path / "clone" / "gandash" / "__init__.py").write_text("other = True")
    arriving.find_code(name, str(tmp_path / "clone"), archive)
    assert arriving.name_of(Path(sys.path[0])) == name
    assert Path(sys.path[0]).parent == tmp_path / "gandash"
    assert (Path(sys.path[0]) / "assets" / "data" / "digits.npz").exists()
    arriving.find_code(name, str(tmp_path / "nowhere"), b"is there already, and not read")
    assert sys.path[0] == sys.path[1]


def test_large_games_and_those_that_ask_for_it_go_to_a_gpu(tiny: GameConfig) -> None:
    sizes = [("generator.width", 256), ("discriminator.width", 256), ("discriminator.depth", 3), ("run.batch", 1024)]
    large = tiny.replace_all(sizes)
    asked = tiny.replace("run.device", "cuda")
    games = (tiny, asked, large, large.replace("run.device", "cpu"))
    assert [gains_by_gpu(config) for config in games] == [False, True, True, False]
