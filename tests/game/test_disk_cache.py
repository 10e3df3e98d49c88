"""What compiling leaves on disk: a list says that it is whole, one process makes it, and where it cannot be is no failure."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gandash.config.population import structure
from gandash.game.compiled import disk_cache, draws, engine, making, round
from gandash.game.game import build_game
from gandash.game.round import start
from gandash.presets import PRESETS
from gandash.worker import compiling
from gandash.worker.trajectory import streams_of


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Path]]:
    """Nothing is ready, and compiling is to leave a file behind: those that it left."""
    done: list[Path] = []
    home = tmp_path / "cache" / "compiled"

    def load() -> None:
        time.sleep(0.05)  # long enough for another to come in between, if it could
        done.append(home / "below" / f"play.{len(done)}.nbc")
        done[-1].parent.mkdir(exist_ok=True)
        done[-1].write_bytes(b"code")

    monkeypatch.setattr(disk_cache, "directory", lambda: home)
    monkeypatch.setattr(disk_cache, "_was_ready", False)
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")
    monkeypatch.setattr(engine, "load", load)
    yield done
    logging.getLogger().handlers = [h for h in logging.getLogger().handlers if type(h) is not logging.StreamHandler]


def forgotten() -> bool:
    """What a process that has just begun says."""
    disk_cache._was_ready = False
    return disk_cache.is_ready()


def test_it_is_ready_once_all_of_it_is_there(compiled: list[Path]) -> None:
    assert not disk_cache.is_ready()
    assert making.make_ready() and disk_cache.is_ready() and forgotten()
    assert not making.make_ready() and len(compiled) == 1
    assert disk_cache.directory().stat().st_mode & 0o77 == 0  # what lies there is unpickled
    compiled[0].write_bytes(b"cod")  # cut short
    assert disk_cache.is_ready() and not forgotten()
    assert making.make_ready() and len(compiled) == 2
    compiled[1].unlink()
    assert not forgotten()


@pytest.mark.parametrize("said", ["", "{", "[]", "{}", '{"play.nbc": 4}'])
def test_a_list_that_is_none_is_not_believed(compiled: list[Path], said: str) -> None:
    disk_cache.directory().mkdir(parents=True)
    (disk_cache.directory() / "whole.json").write_text(said, encoding="utf-8")
    assert not disk_cache.is_ready()


def test_of_several_that_want_it_one_compiles(compiled: list[Path]) -> None:
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(making.make_ready())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, False, True] and len(compiled) == 1


@pytest.mark.parametrize("name", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"])
def test_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    for one in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv(name, str(tmp_path))
    assert tmp_path in disk_cache.directory.__wrapped__().parents


def _without_numba() -> None:
    raise ImportError("no module named numba")


def _without_a_cache() -> None:
    Path(disk_cache.directory().parents[1]).mkdir(exist_ok=True)
    disk_cache.directory().parent.write_text("a file where a directory should be", encoding="utf-8")


@pytest.mark.parametrize(("load", "spoil"), [(_without_numba, None), (None, _without_a_cache)])
def test_what_cannot_be_is_said_once_and_no_failure(
    compiled: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    load: Callable[[], None] | None,
    spoil: Callable[[], None] | None,
) -> None:
    monkeypatch.setattr(compiling.os, "nice", lambda _: 0)  # this process goes on
    if load:
        monkeypatch.setattr(engine, "load", load)
    if spoil:
        spoil()
    assert compiling.main() == 1
    assert [r.levelname for r in caplog.records if "so games are played by torch" in r.message] == ["WARNING"]
    assert not disk_cache.is_ready()


def test_nothing_is_compiled_that_nobody_wants(compiled: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_ENGINE", "torch")
    assert compiling.main() == 0 and not compiled


def test_one_compilation_serves_every_game() -> None:
    """Else a game of another kind would compile for half a minute in its first round."""
    seen = set()
    for preset in PRESETS.values():
        game = build_game(preset.config)
        if engine.covers(game) and (kind := repr(structure(preset.config))) not in seen:
            seen.add(kind)
            engine.Compiled(game, [0], start(game, streams_of("compiled", [0], game.averaging.device))).play(2)
    assert len(seen) > 10
    assert len(round.play.signatures) == len(draws.fill.signatures) == 1  # type: ignore[attr-defined]
