"""What a visitor may do with recorded runs of their own: plain functions behind the page of runs, without Streamlit.

Each looks anew whose a run is, whatever the page showed: what a browser sends may be forged.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from gandash.store import copying, importing, removing, writing
from gandash.store.format import ID, BrokenRun, Busy
from gandash.store.index import Entry, runs
from gandash.store.places import home, runs_home
from gandash.store.reading import read_manifest
from gandash.store.removing import Removed
from gandash.ui.whose import Visitor
from gandash.words import Said, finished, of_system, retold, say, titles, words_of

TITLE_LENGTH = 100
TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # Unicode's overrides of the direction of writing
LIVE = say("it is being recorded at this moment; choose another game in its tab, or close that, and try again")


class RunRefused(ValueError):
    """A run cannot be had, or not what was wanted of it: says why, in words for the person."""


def listed(who: Visitor) -> list[Entry]:
    """The newest first. Raises RunRefused where the place of runs cannot be looked into."""
    try:
        return who.own(runs())
    except (BrokenRun, OSError) as error:
        raise RunRefused(say("The runs cannot be listed: {problem}.", problem=in_words(error))) from None


def folder_of(who: Visitor, run: str) -> Path:
    """Raises RunRefused where there is no such run, or it is not this visitor's."""
    if ID.fullmatch(run):
        folder = runs_home() / run
        try:
            if folder.is_dir() and not folder.is_symlink() and who.may_see(_owner(folder)):
                return folder
        except BrokenRun:
            if who.is_at_home:
                return folder
    raise RunRefused(say("There is no such run of yours; perhaps it was removed meanwhile."))


def _owner(folder: Path) -> str:
    return read_manifest(folder).owner


def rename(who: Visitor, run: str, title: str) -> None:
    """Raises RunRefused."""
    title = " ".join("".join(" " if _is_control(c) else c for c in title).split())
    if not title:
        raise RunRefused(say("A name of at least one letter is needed."))
    if len(title) > TITLE_LENGTH:
        raise RunRefused(say("The name has {count} letters; at most {most} are kept.", count=len(title), most=TITLE_LENGTH))
    try:
        writing.rename(folder_of(who, run), title)
    except (BrokenRun, OSError) as error:
        raise RunRefused(say("The run cannot be renamed: {problem}.", problem=in_words(error))) from None


def _is_control(letter: str) -> bool:
    """A letter that is none: it breaks lines, turns the words after it round, or stands for nothing at all."""
    return unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Zl", "Zp") or letter in TURNING


def duplicate(who: Visitor, run: str, title: str = "") -> str:
    """The id of the copy, which gets this title. Raises RunRefused."""
    try:
        return copying.duplicate(folder_of(who, run), who.owner, title).name
    except (BrokenRun, OSError) as error:
        raise RunRefused(say("The run cannot be copied: {problem}.", problem=in_words(error))) from None


def remove(who: Visitor, run: str) -> Removed:
    """Raises RunRefused."""
    try:
        return removing.remove(folder_of(who, run))
    except Busy:
        raise RunRefused(say("The run cannot be removed: {problem}.", problem=LIVE)) from None
    except OSError as error:
        raise RunRefused(say("The run cannot be removed: {problem}.", problem=in_words(error))) from None


def removed(who: Visitor) -> list[tuple[Removed, str]]:
    """What this visitor can have again, the last one first, each with its title."""
    found = []
    for each in removing.removed():
        try:
            about = read_manifest(each.folder)
        except BrokenRun:
            if who.is_at_home:
                found.append((each, each.id))
        else:
            if who.may_see(about.owner):
                found.append((each, titles.in_words(about.title, about.named) or each.id))
    return found


def _own_removed(who: Visitor, each: Removed) -> Removed:
    if all(each != one for one, _ in removed(who)):
        raise RunRefused(say("The run is gone for good."))
    return each


def undo(who: Visitor, each: Removed) -> None:
    """Raises RunRefused."""
    try:
        removing.undo(_own_removed(who, each))
    except (BrokenRun, OSError) as error:
        raise RunRefused(say("The run cannot be had again: {problem}.", problem=in_words(error))) from None


def forget(who: Visitor, each: Removed) -> None:
    """Raises RunRefused."""
    removing.forget(_own_removed(who, each))


def bring(who: Visitor, files: Sequence[importing.Brought]) -> str:
    """The id of a run that comes as one zip, or as the files of its folder. Raises RunRefused in one sentence."""
    name = files[0].name if len(files) == 1 else files[0].name.split("/")[0]
    try:
        if len(files) == 1:
            with files[0].open() as stream:
                return importing.bring_zip(stream, who.owner).name
        return importing.bring(files, who.owner).name
    except (BrokenRun, OSError) as error:
        raise RunRefused(say("{name} is not taken in: {problem}.", name=name[-60:], problem=in_words(error))) from None


def in_words(error: Exception) -> Said:
    """An error of the store without the server's paths."""
    if isinstance(error, OSError) and error.strerror:
        return of_system(error)
    if not (error.args and isinstance(error.args[0], Said)):
        return finished(_without_place(str(error)).rstrip("."))
    return retold(words_of(error), _without_place)


def _without_place(text: str) -> str:
    for place in (runs_home(), home()):
        text = text.replace(f"{place}{os.sep}", "")
        if text == str(place):
            return say("the server’s store")
    return text
