"""Where a tab stands in a lesson, and what is done there: plain functions, which touch nothing of Streamlit (see `tab`).

A lesson is played in a run of its own, unless the tab's run has not been touched yet: nobody loses a run by opening a lesson.
The place is kept with the run, so that a reload finds it; what a visitor has done is kept beside the recorded runs.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gandash.config import GameConfig
from gandash.config.setting import SettingError, setting_at
from gandash.headless.settings import configure
from gandash.lessons.catalogue import catalogue
from gandash.lessons.model import Changes, Game, Invitation, Lesson
from gandash.server.run import Run
from gandash.server.supervisor import Unavailable
from gandash.store.learned import learn, learned
from gandash.store.places import is_wanted
from gandash.ui import choices
from gandash.ui.place import Place
from gandash.ui.service import begin, supervisor
from gandash.ui.tab import Tab, kept
from gandash.ui.upload import as_text
from gandash.wire.browser import Status
from gandash.words import speaking, t, words_of

log = logging.getLogger("gandash.lessons")

REMEMBERED = 2000  # visitors, of whom it is known without a look at the disk which steps they have done


def place_of(run: Run) -> Place | None:
    return kept(run).lesson


# ------------------------------------------------------------------------------------------------------- what was done


_done: OrderedDict[str, dict[str, set[int]]] = OrderedDict()
_lock = threading.Lock()


def done(visitor: str) -> dict[str, set[int]]:
    """The steps that this visitor has done, by lesson; those of earlier days too, where anything is kept."""
    with _lock:
        return {lesson: set(steps) for lesson, steps in _of(visitor).items()}


def _of(visitor: str) -> dict[str, set[int]]:
    if visitor not in _done:
        _done[visitor] = {}
        if is_wanted():
            with _as_far_as_it_can_be_kept():
                _done[visitor] = learned(visitor)
    _done.move_to_end(visitor)
    while len(_done) > REMEMBERED:
        _done.popitem(last=False)
    return _done[visitor]


def _note_done(visitor: str, place: Place) -> None:
    with _lock:
        steps = _of(visitor).setdefault(place.lesson.name, set())
        is_new = place.step not in steps
        steps.add(place.step)
    if is_new and is_wanted():
        with _as_far_as_it_can_be_kept():
            learn(visitor, place.lesson.name, place.step)


@contextmanager
def _as_far_as_it_can_be_kept() -> Iterator[None]:
    """A full disk stops no lesson: what was done is known as long as the server runs."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        log.warning("which steps of lessons were done cannot be kept: %s", error)


# ------------------------------------------------------------------------------------------------------------- choices


def open_lesson(tab: Tab, name: str, part: str = "") -> str:
    """Begin a lesson, at its step of the number `part`, from 1; go on where that is what is open. "" or why not, in words."""
    assert tab.run is not None
    lesson = catalogue().lessons.get(name)
    if lesson is None:
        return t("There is no lesson **{name}** here. The page *Lessons* lists those there are.", name=as_text(name[:40]))
    place = place_of(tab.run)
    if place is not None and place.lesson.name == name:
        place.lesson = lesson if len(lesson.steps) == len(place.lesson.steps) else place.lesson  # its file was changed since
        return ""
    step = min(int(part), len(lesson.steps)) - 1 if part.isascii() and part.isdigit() and len(part) < 3 and part > "0" else 0
    game, left = lesson.game(step), place.left if place else ""
    if place is None and not _is_untouched(tab.run):
        try:
            made = begin(supervisor(), game.ready, tab.who.name)
        except Unavailable as full:
            return t(
                "**{lesson}**: a lesson has a run of its own, so that yours is not lost. {problem}",
                lesson=catalogue().told(lesson, speaking()).title,
                problem=words_of(full),
            )
        left = tab.run.id
        made.expect_viewer()
        tab.attach(made)
    if refusal := _begin(tab, game):
        return refusal
    return _stand(tab, lesson, step, 0, left, {})


def _is_untouched(run: Run) -> bool:
    return run.step == 0 and run.status is Status.PAUSED and not run.is_changed and not run.has_ended


def _begin(tab: Tab, game: Game) -> str:
    assert tab.run is not None
    tab.preset, tab.over, tab.is_stale = game.preset, tab.edition, True
    return tab.run.begin_anew(game.ready.config, game.ready.title, game.pace, game.config)


def _stand(tab: Tab, lesson: Lesson, step: int, since: int, left: str, answers: dict[int, int]) -> str:
    """Stand at this step, whose rounds are counted from the one of the number `since`; its game is played already."""
    assert tab.run is not None
    prepared, until = lesson.steps[step].prepare, lesson.steps[step].until
    refusal = _set(tab, prepared) if prepared else ""
    begun = None if until and until.moved else since
    place = Place(lesson, step, tab.run.config, begun, tab.run.generation, answers=answers, left=left)
    kept(tab.run).lesson = place
    if until is None:
        place.met = True
        _note_done(tab.who.name, place)
    return refusal


def _set(tab: Tab, changes: Changes) -> str:
    return choices.reconfigured(tab, lambda configs: [configure(config, list(changes.items())) for config in configs])


def go(tab: Tab, name: str, step: int) -> str:
    """To another step of the lesson that is open; its game begins anew where it is another than the present one's."""
    assert tab.run is not None
    place = place_of(tab.run)
    if place is None or place.lesson.name != name or not 0 <= step < len(place.lesson.steps):
        return ""  # another tab has gone on
    game = place.lesson.game(step)
    is_other = game is not place.lesson.game(place.step)
    if is_other and (refusal := _begin(tab, game)):
        return refusal
    if step > place.step:
        _note_done(tab.who.name, place)
    return _stand(tab, place.lesson, step, 0 if is_other else tab.run.step, place.left, place.answers)


def answer(tab: Tab, name: str, step: int, option: Any) -> str:
    """A prediction was chosen."""
    assert tab.run is not None
    place = place_of(tab.run)
    if place is None or (place.lesson.name, place.step) != (name, step) or place.is_revealed:
        return ""
    predict = place.now.predict
    if predict is not None and isinstance(option, int) and 0 <= option < len(predict.options):
        place.answers[step] = option + 1
    return ""


def seen(tab: Tab, sent: Any) -> str:
    """The browser has seen on the live run what this step waits for."""
    assert tab.run is not None
    place = place_of(tab.run)
    if place is not None and sent == place.key and place.since is not None:
        place.met = True
        _note_done(tab.who.name, place)
    return ""


def move(tab: Tab, invitation: Invitation) -> str:
    """The change that a step invites to."""
    return _set(tab, invitation.set)


def leave(tab: Tab) -> str:
    """Back to the run that was left for the lesson, as long as it lives; else the lesson's run is now an ordinary one."""
    assert tab.run is not None
    place = place_of(tab.run)
    kept(tab.run).lesson = None
    tab.is_stale = True
    before = supervisor().find(place.left, tab.who.name) if place and place.left else None
    if before is not None:
        before.expect_viewer()
        tab.attach(before)
    return ""


# -------------------------------------------------------------------------------------------------- what is shown of it


def look(place: Place, run: Run) -> None:
    """Note, before a step is drawn, whether what had to be moved has been: from then on rounds count."""
    until = place.now.until
    if until is None or place.since is not None:
        return
    if all(_value(run.config, path) != _value(place.settings, path) for path in until.moved):
        place.since, place.generation = run.step, run.generation


def _value(config: GameConfig, path: str) -> Any:
    try:
        return setting_at(config, path).value
    except SettingError:
        return None  # of a variant that is no longer played


def for_browser(place: Place | None, hidden: Iterable[str]) -> dict[str, Any]:
    """What the live view is told: which controls to hide, what to show of stage and curves, and what to wait for."""
    told: dict[str, Any] = {"hide": sorted(hidden)}
    if place is None:
        return told
    show, until = place.lesson.show(place.step), place.now.until
    told["lesson"] = {
        "step": f"{place.lesson.name}/{place.step}",
        "layers": list(show.layers) if show and show.layers else None,
        "curves": list(show.curves) if show and show.curves else None,
        "watch": None
        if until is None or place.met or place.since is None
        else {
            "key": place.key,
            "generation": place.generation,
            "since": place.since,
            "rounds": until.rounds,
            "verdict": list(until.verdict),
            "holds": [one.model_dump() for one in until.holds],
        },
    }
    return told


def hidden(place: Place | None, asked: Iterable[str]) -> set[str]:
    """The controls that are hidden: by the address, and by the lesson."""
    return {*asked, *(place.lesson.hide if place else ())}


def is_hidden(path: str, hidden: Iterable[str]) -> bool:
    """Whether the control of this setting is: by its path, or that of a group it is in.

    >>> is_hidden("regulariser.r1", {"regulariser"}), is_hidden("run.seed", {"regulariser"})
    (True, False)
    """
    names = set(hidden)
    parts = path.split(".")
    return "settings" in names or any(".".join(parts[:n]) in names for n in range(1, len(parts) + 1))
