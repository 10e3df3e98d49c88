"""Every kind of file that a run can be exported as, by its name. A newcomer is one entry; the command line, Python and the page
then have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gandash.config.setting import nearest
from gandash.exporting import pictures, replay, snippets, states, tables
from gandash.exporting.pictures import STAGE, Theme
from gandash.store.reading import StoredRun

Told = Callable[[float], None]
"""Is told how much is done, from 0 to 1; may raise to have no more done."""


@dataclass(frozen=True)
class Wanted:
    """What of a run: `step` is None for its newest. Of what is drawn also the theme, and the size in px."""

    step: int | None = None
    theme: Theme = "light"
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Export:
    """`what` ends as the file does. `make` gives its bytes; it raises BrokenRun. `is_drawn`: by a browser."""

    what: str
    words: str
    media_type: str
    make: Callable[[StoredRun, Wanted, Told], bytes]
    is_drawn: bool = False


def _picture(what: str, form: Literal["svg", "png"], words: str) -> Export:
    def make(run: StoredRun, wanted: Wanted, told: Told) -> bytes:
        return pictures.as_picture(run, what, form, wanted.step, wanted.theme, wanted.size, told)

    media_type = {"svg": "image/svg+xml", "png": "image/png"}[form]
    return Export(f"{what}.{form}", words, media_type, make, is_drawn=True)


EXPORTS: dict[str, Export] = {
    export.what: export
    for export in (
        Export("metrics.csv", "the curves as text", "text/csv", lambda run, wanted, told: tables.as_csv(run)),
        Export(
            "metrics.parquet",
            "the curves as Parquet, with units",
            "application/vnd.apache.parquet",
            lambda run, wanted, told: tables.as_parquet(run),
        ),
        Export(
            "config.json",
            "settings, and what was changed when",
            "application/json",
            lambda run, wanted, told: snippets.as_json(run),
        ),
        Export(
            "state.safetensors",
            "both players with all that goes on from there",
            "application/octet-stream",
            lambda run, wanted, told: states.as_safetensors(run, wanted.step),
        ),
        Export(
            "snippet.py",
            "a script that plays the run again",
            "text/x-python",
            lambda run, wanted, told: snippets.as_python(run),
        ),
        Export(
            "replay.html",
            "one page that replays the run, without a server",
            "text/html",
            lambda run, wanted, told: replay.as_html(run, told),
        ),
        _picture(STAGE, "svg", "the stage; canvases in it are images"),
        _picture(STAGE, "png", "the stage"),
    )
}
PANEL = re.compile(r"([a-z_]{1,40})\.(svg|png)")
PANELS = "PANEL.svg|png", "a panel of curves: losses, mean_d, value, coverage, divergence, gradients ..."


class NoSuchExport(ValueError):
    """There is no export of this name: says which there are."""


def export(run: StoredRun, what: str, wanted: Wanted = Wanted(), told: Told = lambda done: None) -> bytes:
    """A recorded run as a file of this kind. Raises NoSuchExport, and BrokenRun."""
    made = find(what).make(run, wanted, told)
    told(1.0)
    return made


def find(what: str) -> Export:
    """Raises NoSuchExport."""
    if what in EXPORTS:
        return EXPORTS[what]
    if panel := PANEL.fullmatch(what):
        return _picture(panel[1], "svg" if panel[2] == "svg" else "png", PANELS[1])
    near = nearest(what, EXPORTS)
    advice = f"did you mean {near}?" if near else f"there are: {', '.join((*EXPORTS, PANELS[0]))}"
    raise NoSuchExport(f"there is no export {what!r}; {advice}")
