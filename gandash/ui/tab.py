"""What one browser tab shows, and what its person has chosen and is still to be played.

Streamlit ends a script run, its callbacks too, at any touch of it (an `st.` call, an item of `st.session_state`) once another
rerun is wanted; for that one the widget has no longer changed, and the choice would be lost. So a callback touches nothing of
Streamlit: it notes the choice here, one append. Each script run begins by following what was noted, in order, and nothing of
Streamlit is touched between following a choice and taking it off the list.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.presets import DEFAULT, PRESETS
from gandash.server.presentation import Presentation
from gandash.server.run import Run
from gandash.ui import controls
from gandash.ui.place import Place
from gandash.ui.upload import UploadError
from gandash.ui.whose import Visitor
from gandash.words import finished, t, words_of

NOBODY = Visitor("")
KEPT_MEGABYTES = 400  # of visitors' files, for all runs together
KEPT_EDITIONS = 4
CROSSING_SECONDS = 10.0  # as long may a browser's message take that knows no newer address
KEPT_WIDGETS = 1000  # a page has fewer than a hundred


@dataclass(frozen=True)
class Choice:
    """What a person asked for. `act(tab, *args, *held)` does it and returns "" or, in words, why not.

    `keys` name the widgets whose values, as they are when its turn comes, are `held`; `slow` is shown meanwhile. `is_press`: a
    button was pressed, else one of these widgets was moved.
    """

    act: Callable[..., str]
    args: tuple[Any, ...] = ()
    keys: tuple[str, ...] = ()
    slow: str = ""
    is_press: bool = False


@dataclass(frozen=True)
class Asked:
    """How pictures are to be read: the `side` in pixels, grey or colour, and at most how many."""

    side: int
    colour: str
    count: int


@dataclass(frozen=True)
class PictureUpload:
    """How the pictures that are played, `packed`, were read, and from what: enough to read them another way. Neither `files`
    nor the name of `offered` ones: they are made up."""

    packed: str
    asked: Asked
    files: tuple[Any, ...] = ()  # as Streamlit gives them: a name, a size, the bytes
    offered: str | None = None


@dataclass
class Kept:
    """What is kept over a reload of the page, beside the run itself."""

    member: int | None = None
    upload: PictureUpload | None = None
    lesson: Place | None = None


_kept: WeakKeyDictionary[Run, Kept] = WeakKeyDictionary()
_keeping = threading.Lock()


def kept(run: Run) -> Kept:
    """What is kept for a run, as long as it lives."""
    with _keeping:
        return _kept.setdefault(run, Kept())


def keep_upload(run: Run, upload: PictureUpload | None) -> None:
    """Keep how this run's pictures were read, files included; the oldest runs' files go where all take too much room."""
    with _keeping:
        own = _kept.pop(run, Kept())
        own.upload = upload
        _kept[run] = own  # the newest is the last
        room = KEPT_MEGABYTES * 2**20
        for other in reversed(list(_kept.values())):
            if other.upload is not None:
                room -= sum(file.size for file in other.upload.files)
                if room < 0:
                    other.upload = None


def _without_files(value: Any) -> Any:
    """An uploaded file by its name in Streamlit: it would be held in memory longer than the page needs it."""
    if isinstance(value, list | tuple):
        return tuple(map(_without_files, value))
    return getattr(value, "file_id", value)


@dataclass
class Tab:
    """`member`: which of several compared games the controls are for; None: all. `edition` grows when the settings change
    under the widgets, which are then made anew; `drawn`: the settings that those of the last editions show."""

    run: Run | None = None
    who: Visitor = NOBODY
    is_new: bool = True  # it has not had a run yet
    preset: str = DEFAULT.name
    member: int | None = None
    edition: int = 0
    drawn: dict[int, GameConfig] = field(default_factory=dict)
    over: int = -1  # widgets up to this edition are of a game that is over
    is_stale: bool = True  # the widgets do not show what is played
    heard: dict[str, Any] = field(default_factory=dict)  # what widgets held when last heard of, by key, the latest last
    numbers: dict[str, int] = field(default_factory=dict)  # of the widgets that took another's place, by their name
    trouble: list[str] = field(default_factory=list)  # refusals, in words
    table_note: tuple[str, str] = "", ""  # the rows of a table, packed, and how they were read, in words
    readings: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of an uploaded table, to choose from: words and key
    table: Any = None  # the file that these are readings of
    is_said: bool = False  # a whole script run has shown the refusals
    is_echo: bool = False  # this script run was not asked for by a person
    noted: deque[Choice] = field(default_factory=deque)
    hidden: tuple[str, ...] = ()  # controls, as the address asks for
    presented: Presentation | None = None  # by this tab, in the run that it had last
    addressed: str = ""  # the lesson that the address named last
    replaced: tuple[str, float] = "", 0.0  # the lesson that the address named before it was written, and when: see `is_late`
    language: str = ""  # that was chosen, or that the address asked for
    turn: threading.Lock = field(default_factory=threading.Lock)  # where reruns overlap, one of them follows at a time

    def note(
        self, act: Callable[..., str], *args: Any, keys: tuple[str, ...] = (), slow: str = "", is_press: bool = False
    ) -> None:
        """A person chose something: all that a callback does."""
        self.noted.append(Choice(act, args, keys, slow, is_press))

    def key(self, name: str) -> str:
        number = self.numbers.get(name, 0)
        return f"{name}~{number}" if number else name

    def next_key(self, name: str) -> str:
        """Of a new widget in the place of the one by this name."""
        self.numbers[name] = self.numbers.get(name, 0) + 1
        return self.key(name)

    def hear(self, held: dict[str, Any]) -> None:
        """What widgets hold by now."""
        for key, value in held.items():
            self.heard.pop(key, None)
            self.heard[key] = _without_files(value)
        for oldest in list(self.heard)[:-KEPT_WIDGETS]:
            del self.heard[oldest]

    def _is_heard(self, held: dict[str, Any]) -> bool:
        return all(key in self.heard and self.heard[key] == _without_files(value) for key, value in held.items())

    def hear_of_a_game(self) -> None:
        """The browser has seen a new game begin, and the page is run again for its sake."""
        self.is_echo = True

    def begin_script_run(self) -> None:
        """Words that a person has seen disappear with the next thing that this person does."""
        if self.is_said and not self.is_echo:
            self.trouble.clear()
        self.is_echo = False

    def follow(self, held: list[Any]) -> None:
        """Do what was noted first, and take it off the list."""
        choice = self.noted[0]
        now = dict(zip(choice.keys, held, strict=True))
        try:
            is_repeated = bool(now) and not choice.is_press and self._is_heard(now)
            self.hear(now)
            refusal = "" if is_repeated else choice.act(self, *choice.args, *held)
        except SettingError as error:
            refusal = controls.in_words(error, self.shown)
        except UploadError as error:
            refusal = words_of(error)
        finally:
            self.noted.popleft()
        if refusal:
            self.is_stale = True
            self.is_said = False
            self.trouble.append(t(finished(refusal)))

    def address(self, lesson: str) -> None:
        """The address is written anew, and names this lesson, or none: ""."""
        if lesson != self.addressed:
            self.replaced, self.addressed = (self.addressed, time.monotonic()), lesson

    def is_late(self, lesson: str) -> bool:
        """Whether the browser named this lesson before it knew of the address that was written last. Each of its messages tells
        the address as it stands there: one that crosses with ours would bring back the lesson that was just left."""
        if lesson == self.addressed:
            self.replaced = "", 0.0  # it knows; from now on the lesson from before is a choice again
        before, since = self.replaced
        return bool(before) and lesson == before and time.monotonic() - since < CROSSING_SECONDS

    def attach(self, run: Run) -> None:
        """Show this run from now on."""
        self.run, self.is_new, self.is_stale, self.over = run, False, True, self.edition
        self.preset = next((p.name for p in PRESETS.values() if p.title == run.origin), DEFAULT.name)
        self.choose_member(kept(run).member)

    def known(self, find: Callable[[str], Run | None], name: str | None) -> Run | None:
        """The run that this tab has; where the page was reloaded, what `find` finds by the `name` in its address."""
        if self.run is None and name and (found := find(name)) is not None:
            self.attach(found)
        return self.run if self.run is not None and not self.run.has_gone else None

    def choose_member(self, member: int | None) -> None:
        assert self.run is not None
        self.member = member if member is not None and 0 <= member < len(self.run.configs) else None
        kept(self.run).member = self.member
        self.is_stale = True

    @property
    def shown(self) -> GameConfig:
        """The settings that the controls show: those of the game chosen, of compared ones the first."""
        assert self.run is not None
        configs = self.run.configs
        return configs[self.member if self.member is not None and self.member < len(configs) else 0]

    def draw(self) -> GameConfig:
        """The settings for the widgets to show, which are made anew where they show others."""
        assert self.run is not None
        if self.member is not None and self.member >= len(self.run.configs):
            self.choose_member(None)
        config = self.shown
        if self.is_stale or self.drawn.get(self.edition) != config:
            self.edition += 1
            self.drawn = {e: c for e, c in self.drawn.items() if e > self.edition - KEPT_EDITIONS} | {self.edition: config}
            self.is_stale = False
        return config
