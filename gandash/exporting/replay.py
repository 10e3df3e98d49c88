"""One HTML file that replays a run: the live view as the page has it, with curves and pictures in the file itself.

It is opened by a double click, needs no server, and asks nothing of the network.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from gandash.exporting.modules import import_map
from gandash.exporting.snippets import settings_of
from gandash.paths import ASSETS, plotly_file
from gandash.server.recorded import OpenRun
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import say
from gandash.words.catalogue import messages
from gandash.words.languages import ENGLISH, LANGUAGES

MOST_BYTES = 15_000_000  # of the whole file
LONGEST_TEXT = 2000  # characters of one setting; uploaded data can be megabytes
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def as_html(
    run: StoredRun,
    told: Callable[[float], None] = lambda done: None,
    most_bytes: int = MOST_BYTES,
    only: Sequence[int] | None = None,
) -> bytes:
    """The page, of at most `most_bytes`: where pictures are too many for that, as many of them as fit, evenly over the steps,
    the first and the last among them. `only`: of no other steps. Raises BrokenRun, also for a run without pictures."""
    opened = OpenRun(run.directory)
    about = opened.about()
    if not about.pictures:
        raise BrokenRun(say("{file} has no pictures to replay; its curves are exported as metrics.csv", file=run.manifest.id))
    packed = {}
    for done, wanted in enumerate(about.pictures if only is None else only, 1):
        step, picture = opened.picture(wanted)
        packed[step] = _packed(len(picture.beside).to_bytes(4, "little") + picture.beside + picture.frame)
        told(0.95 * done / len(about.pictures))
    manifest = run.manifest
    known: dict[str, Any] = {
        "title": manifest.title or manifest.preset or manifest.id,
        "gandash": manifest.versions.get("gandash", ""),
        "created": manifest.created[:10],
        "settings": json.dumps(_shortened(settings_of(run)), indent=2, ensure_ascii=False),
        "recorded": len(about.pictures),
        "about": about.model_dump(mode="json"),
        "pictures": [],
        "curves": _packed(opened.curves()),
        "plotly": _plotly(),
        "words": _words(),
        "styles": {name: _asset(f"live/{name}") for name in ("pictures.css", "projector.css")},
    }
    room = most_bytes - len(_page(known)) - 10_000  # that for their commas too
    steps = thinned({step: len(text) + 4 for step, text in packed.items()}, room)
    known["about"] |= {"pictures": steps, "growing": False}
    known["pictures"] = [packed[step] for step in steps]
    return _page(known)


def thinned(sizes: dict[int, int], room: int) -> list[int]:
    """The steps of as many pictures as there is room for, none nearer to its neighbour than another bound would have it. The
    first and the last are always among them."""
    steps = sorted(sizes)
    near, far = 0, steps[-1] - steps[0] + 1
    while near < far:
        apart = (near + far) // 2
        if sum(sizes[step] for step in _apart(steps, apart)) <= room:
            far = apart
        else:
            near = apart + 1
    return _apart(steps, near)


def _apart(steps: Sequence[int], apart: int) -> list[int]:
    kept = list(steps[:1])
    for step in steps[1:-1]:
        if step - kept[-1] >= apart and steps[-1] - step >= apart:
            kept.append(step)
    return kept + list(steps[1:][-1:])


def _page(known: dict[str, Any]) -> bytes:
    parts = {
        "title": html.escape(known["title"]),
        "style": _asset("live/live.css"),
        "modules": import_map("replay/replay.js", {"live/files.js": "replay/files.js"}),
        # In a script only this sign can end it, or begin a comment
        "run": json.dumps(known, allow_nan=False).replace("<", "\\u003c"),
    }
    return _PLACE.sub(lambda place: parts[place[1]], _asset("replay/replay.html")).encode(errors="replace")


def _shortened(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shortened(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(one) for one in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:100]}… ({len(value):,} characters; config.json has them all)"
    return value


def _packed(body: bytes) -> str:
    return base64.b64encode(zlib.compress(body, 9)).decode()


@cache
def _plotly() -> str:
    return _packed(plotly_file().read_bytes())


@cache
def _words() -> dict[str, str]:
    """All messages, for a browser in another language than English."""
    languages = (language for language in LANGUAGES if language != ENGLISH)
    return {one: _packed(json.dumps(messages(one), ensure_ascii=False).encode()) for one in languages}


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
