"""Every kind of file that a run can be exported as, by its name. A newcomer is one entry; the command line, Python and the page
then have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gandash.config.setting import nearest
from gandash.exporting import replay, snippets, states, tables
from gandash.store.reading import StoredRun

Told = Callable[[float], None]
"""Is told how much is done, from 0 to 1; may raise to have no more done."""


@dataclass(frozen=True)
class Wanted:
    """What of a run: `step` is None for its newest."""

    step: int | None = None


@dataclass(frozen=True)
class Export:
    """`what` ends as the file does. `make` gives its bytes; it raises BrokenRun."""

    what: str
    words: str
    media_type: str
    make: Callable[[StoredRun, Wanted, Told], bytes]


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
    )
}


class NoSuchExport(ValueError):
    """There is no export of this name: says which there are."""


def export(run: StoredRun, what: str, wanted: Wanted = Wanted(), told: Told = lambda done: None) -> bytes:
    """A recorded run as a file of this kind. Raises NoSuchExport, and BrokenRun."""
    if what not in EXPORTS:
        near = nearest(what, EXPORTS)
        advice = f"did you mean {near}?" if near else f"there are: {', '.join(EXPORTS)}"
        raise NoSuchExport(f"there is no export {what!r}; {advice}")
    made = EXPORTS[what].make(run, wanted, told)
    told(1.0)
    return made
