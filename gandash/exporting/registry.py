"""Every kind of file that a run can be exported as, by its name. A newcomer is one entry; the command line, Python and the page
then have it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import cast, get_args

from gandash.config.setting import nearest
from gandash.exporting import movies, pictures, replay, snippets, states, tables, trackers
from gandash.exporting.pictures import LEAST_PX, MOST_PX, STAGE, VIEW, Size, Theme
from gandash.store.reading import StoredRun
from gandash.words import marked, say

Told = Callable[[float], None]
"""Is told how much is done, from 0 to 1; may raise to have no more done."""


@dataclass(frozen=True)
class Wanted:
    """What of a run: `step` is None for its newest. Of what is drawn also the theme, and the size in px; of a film the steps
    between which it is, both included, None for all, and its frames a second."""

    step: int | None = None
    theme: Theme = "light"
    size: Size | None = None
    between: tuple[int, int] | None = None
    per_second: int = movies.PER_SECOND

    def __post_init__(self) -> None:
        if self.theme not in get_args(Theme):
            raise ValueError(say("theme: given {value}; light or dark is needed", value=repr(self.theme)))
        if self.size and not all(LEAST_PX <= side <= MOST_PX for side in self.size):
            raise ValueError(
                say(
                    "size: given {value}; a width and a height from {least} to {most} px are needed",
                    value=str(self.size),
                    least=LEAST_PX,
                    most=MOST_PX,
                )
            )
        if not 1 <= self.per_second <= movies.FASTEST:
            raise ValueError(
                say(
                    "per_second: given {value}; a whole number from 1 to {most} is needed",
                    value=self.per_second,
                    most=movies.FASTEST,
                )
            )


@dataclass(frozen=True)
class Export:
    """`what` ends as the file does. `make` gives its bytes; it raises BrokenRun. `package`: the extra that it needs, which is
    run on the server of a page only where it is `on_page`."""

    what: str
    words: str
    media_type: str
    make: Callable[[StoredRun, Wanted, Told], bytes]
    package: str = ""
    on_page: bool = True


EXPORTS: dict[str, Export] = {
    export.what: export
    for export in (
        Export("metrics.csv", marked("the curves as text"), "text/csv", lambda run, wanted, told: tables.as_csv(run)),
        Export(
            "metrics.parquet",
            marked("the curves as Parquet, with units"),
            "application/vnd.apache.parquet",
            lambda run, wanted, told: tables.as_parquet(run),
        ),
        Export(
            "config.json",
            marked("settings, and what was changed when"),
            "application/json",
            lambda run, wanted, told: snippets.as_json(run),
        ),
        Export(
            "state.safetensors",
            marked("both players with all that goes on from there"),
            "application/octet-stream",
            lambda run, wanted, told: states.as_safetensors(run, wanted.step, told),
        ),
        Export(
            "snippet.py",
            marked("a script that plays the run again"),
            "text/x-python",
            lambda run, wanted, told: snippets.as_python(run),
        ),
        Export(
            "replay.html",
            marked("one page that replays the run, without a server"),
            "text/html",
            lambda run, wanted, told: replay.as_html(run, told),
        ),
        Export(
            "run.tfevents",
            marked("curves and settings for TensorBoard"),
            "application/octet-stream",
            lambda run, wanted, told: trackers.as_events(run, told),
            package="tensorboard",
        ),
        Export(
            "run.wandb",
            marked("the same for Weights & Biases, as an offline run"),
            "application/octet-stream",
            lambda run, wanted, told: trackers.as_wandb(run, told),
            package="wandb",
            on_page=False,  # it begins a process of its own
        ),
        Export(
            "mlflow.db",
            marked("the same for MLflow, as its database"),
            "application/vnd.sqlite3",
            lambda run, wanted, told: trackers.as_mlflow(run, told),
            package="mlflow",
            on_page=False,  # it imports half of PyPI
        ),
    )
}
PICTURES = {"svg": "image/svg+xml", "png": "image/png"}
MOVIES = {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4"}
FORMS = "|".join(PICTURES | MOVIES)
DRAWN = {
    f"{STAGE}.{FORMS}": marked("the stage: a picture, or a film of all recorded ones"),
    f"{VIEW}.{FORMS}": marked("the stage with its curves beside it"),
    f"PANEL.{FORMS}": marked("a panel of curves: losses, mean_d, value, coverage, divergence, gradients ..."),
}
"""What a browser draws: the server's or one that nobody looks at."""
_DRAWN = re.compile(rf"([a-z_]{{1,40}}(?:\.[a-z_]{{1,40}}\.\d)?)\.({FORMS})")


def _drawn(what: str, form: str) -> Export:
    def make(run: StoredRun, wanted: Wanted, told: Told) -> bytes:
        drawn = what, wanted.theme, wanted.size, told
        if form in PICTURES:
            return pictures.as_picture(run, cast(pictures.Form, form), wanted.step, *drawn)
        return movies.as_movie(run, cast(movies.Form, form), wanted.between, wanted.per_second, *drawn)

    return Export(f"{what}.{form}", "", (PICTURES | MOVIES)[form], make)


def for_page() -> list[Export]:
    """What a server offers: it has what is needed for it."""
    return [e for e in EXPORTS.values() if e.on_page and (not e.package or find_spec(e.package))]


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
    if drawn := _DRAWN.fullmatch(what):
        return _drawn(drawn[1], drawn[2])
    near = nearest(what, [*EXPORTS, *(f"{drawn}.{form}" for drawn in (STAGE, VIEW) for form in PICTURES | MOVIES)])
    advice = say("did you mean {near}?", near=near) if near else say("there are: {names}", names=", ".join((*EXPORTS, *DRAWN)))
    raise NoSuchExport(say("there is no export {name}; {advice}", name=repr(what), advice=advice))
