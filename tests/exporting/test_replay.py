"""The page that replays a run by itself, as bytes: what is in it, what was left out, and nothing of a title as markup.

That it shows what the live page does is tried in a browser: tests/browser/test_replay_file.py.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from store.writing_runs import manifest, rows, written

from gandash.cli import cli
from gandash.exporting import replay
from gandash.exporting.modules import import_map
from gandash.exporting.replay import as_html, thinned
from gandash.paths import ASSETS
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter

HOSTILE = "</script><script>alert(1)</script><!-- {{run}} \" onload='x'"


class Outline(HTMLParser):
    """What a browser would make of a page: its elements, and what stands in its scripts and its title."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data

    def text(self, tag: str, **attributes: str) -> str:
        (found,) = [
            text
            for (name, given), text in zip(self.elements, self.texts, strict=True)
            if name == tag and attributes.items() <= given.items()
        ]
        return found


def embedded(page: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Outline(page).text("script", id="gandash-run"))
    return found


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    written(tmp_path / "run").close()
    return StoredRun(tmp_path / "run")


def test_pictures_curves_and_settings_are_in_the_page(run: StoredRun) -> None:
    told: list[float] = []
    known = embedded(as_html(run, told.append))
    assert known["about"]["pictures"] == [100, 200, 300] and known["recorded"] == 3
    assert [unpacked(p) for p in known["pictures"]] == [b"\0\0\0\0frame %d" % step for step in (100, 200, 300)]
    assert b'"kind":"history"' in unpacked(known["curves"]).replace(b"\\", b"").replace(b": ", b":")
    assert json.loads(known["settings"])["changes"][0]["step"] == 100
    assert unpacked(known["plotly"]).startswith(b"/**\n* plotly.js")
    assert told == sorted(told) and len(told) == 3


def test_nothing_of_a_title_is_markup(tmp_path: Path) -> None:
    written(tmp_path / "run", title=HOSTILE, preset=HOSTILE).close()
    page = as_html(StoredRun(tmp_path / "run"))
    plain = as_html(StoredRun(_plain(tmp_path)))
    assert Outline(page).elements == Outline(plain).elements
    assert embedded(page)["title"] == HOSTILE and Outline(page).text("title").strip() == HOSTILE
    assert page.count(b"alert(1)") == page.count(b"alert(1)\\u003c") + page.count(b"alert(1)&lt;")


def _plain(folder: Path) -> Path:
    written(folder / "plain").close()
    return folder / "plain"


def test_the_page_asks_nothing_of_the_network(run: StoredRun) -> None:
    page = as_html(run)
    for tag, attributes in Outline(page).elements:
        assert tag not in ("link", "iframe", "img") and not {"src", "href"} & set(attributes), (tag, attributes)
    assert b"default-src 'none'" in page


def test_of_too_many_pictures_as_many_as_fit_are_kept_evenly(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", manifest())
    writer.rows(rows(1, 100))
    noise = np.random.default_rng(0)
    for step in range(1, 101):
        writer.picture(step, noise.bytes(20_000))
    writer.close()
    run = StoredRun(tmp_path / "run")
    whole = as_html(run)
    most = len(whole) - 1_000_000  # of some 2.7 MB of pictures
    page = as_html(run, most_bytes=most)
    steps = embedded(page)["about"]["pictures"]
    assert most - 400_000 < len(page) <= most
    assert steps[0] == 1 and steps[-1] == 100 and embedded(page)["recorded"] == 100
    assert set(np.diff(steps)[:-1]) == {2} and len(embedded(page)["pictures"]) == len(steps)


@pytest.mark.parametrize("room", [0, 9, 10, 35, 1000])
def test_what_is_kept_fits_whatever_the_pictures_weigh(room: int) -> None:
    sizes = {step: 1 + step % 4 for step in (*range(0, 40, 2), *range(40, 60))}
    kept = thinned(sizes, room)
    assert kept[0] == 0 and kept[-1] == 59
    assert sum(sizes[step] for step in kept) <= max(room, sizes[0] + sizes[59])
    assert (len(kept) == len(sizes)) == (room == 1000)


def test_a_run_without_pictures_says_so(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", manifest())
    writer.rows(rows(1, 10))
    writer.close()
    with pytest.raises(BrokenRun, match=r"has no pictures to replay; its curves are exported as metrics\.csv$"):
        as_html(StoredRun(tmp_path / "run"))
    file = tmp_path / "replay.html"
    called = CliRunner().invoke(cli, ["export", str(tmp_path / "run"), "--what", "replay.html", "--out", str(file)])
    assert called.exit_code and "has no pictures to replay" in called.output and not file.exists()


def test_uploaded_data_is_named_and_not_repeated(run: StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "settings_of", lambda run: {"config": {"data": {"points": "x" * 10**6}, "seed": 3}})
    settings = embedded(as_html(run))["settings"]
    assert len(settings) < 1000 and "1,000,000 characters" in settings and '"seed": 3' in settings


def test_every_module_is_found_by_a_name_of_the_map() -> None:
    imports = json.loads(import_map("replay/replay.js", {"live/files.js": "replay/files.js"}))["imports"]
    sources = {name: base64.b64decode(address.partition(",")[2]).decode() for name, address in imports.items()}
    assert len(sources) > 60 and "import.meta" not in "".join(sources.values())
    for source in sources.values():
        wanted = re.findall(r"(?:\bfrom|^import) '([^']+)';$", source, re.MULTILINE)
        assert set(wanted) <= set(imports) and (wanted or "\nimport" not in source)
    stood = {name.removeprefix("gandash/") for name in imports} - {"live/files.js"}
    assert all((ASSETS / name).is_file() for name in stood)
    assert "'gandash/replay/embedded.js'" in sources["gandash/live/files.js"]
