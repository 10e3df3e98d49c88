"""The sweeps of a server: who has begun which, the one that is played, and its games as they come, for those who look at it.

One at a time is played, by processes of a low priority, so that no run beside it feels them. It goes on whoever looks. What is
shown is what is on disk: a game is told once its part is whole. Beside the manifest of a sweep lies `page.json`, which says
whose it is and what it is called.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from gandash.config.setting import SettingError, setting_at
from gandash.server.admission import Refusal, check_affordable
from gandash.store.files import read_whole, write_whole
from gandash.store.format import ID, BrokenRun
from gandash.store.places import home, new_id
from gandash.sweeps.axes import Axis
from gandash.sweeps.cost import TooDear, check_cost, cost_of, in_words
from gandash.sweeps.diagram import VERDICTS
from gandash.sweeps.known import Segment, boundary
from gandash.sweeps.local import Progress, SweepFailed, play_missing
from gandash.sweeps.planning import planned
from gandash.sweeps.results import BrokenSweep, Results
from gandash.sweeps.sweep import Sweep
from gandash.wire.browser import VerdictKind
from gandash.wire.frame import pack
from gandash.words import Said, finished, listed, say, words_of

log = logging.getLogger("gandash.sweeps")

PAGE = "page.json"
MOST_GAMES, MOST_HOURS = 20_000, 2.0  # of a sweep that a page begins
MOST_SWEEPS = 30  # of a visitor
PART_SECONDS = 1.0  # of one process: so often something new is to be seen
NICE = 10  # beside runs that somebody looks at
NUMBERS = ("jsd", "wasserstein", "frechet", "modes", "high_quality", "converged_since", "steps", "seed")
"""What of a game's row goes to the browser, beside its verdict, where it has it."""


class SweepRefused(ValueError):
    """A sweep cannot be begun, found or gone on with: says why, in words for the person (`gandash.words.words_of`)."""


@dataclass(frozen=True)
class About:
    """Whose it is (`gandash.store.places.owner_of`), what it is called, what it shows if it is a ready one: English, which is
    translated where it is shown."""

    owner: str
    title: str
    finding: str = ""
    colour: str = "verdict"


class Hosted:
    """A sweep in its folder and its games so far, in the order in which they came. All methods from any thread."""

    def __init__(self, results: Results, about: About) -> None:
        self.results, self.about = results, about
        self.state, self.trouble = "stopped", finished("")
        self.progress = Progress()
        self._lock = threading.Lock()
        self._rows: list[tuple[int, int, list[float]]] = []
        self._read: set[int] = set()
        self._edges: dict[int, list[Segment]] = {}
        self.read_new()

    @property
    def id(self) -> str:
        return self.results.folder.name

    @property
    def sweep(self) -> Sweep:
        return self.results.sweep

    @property
    def count(self) -> int:
        with self._lock:
            return len(self._rows)

    @property
    def is_whole(self) -> bool:
        return self.count >= self.sweep.count

    def read_new(self) -> None:
        """The parts that have come since."""
        for part in self.results.parts:
            path = self.results.path(part.number)
            if part.number in self._read or not path.exists():
                continue
            try:
                table = pq.read_table(path)
            except (OSError, ValueError):  # not whole; it is played again
                continue
            columns = {name: table[name].to_pylist() for name in ("cell", "verdict", *NUMBERS) if name in table.column_names}
            order = list(VERDICTS)
            numbers = [columns.get(name) or [None] * table.num_rows for name in NUMBERS]
            with self._lock:
                self._read.add(part.number)
                for i, cell in enumerate(columns["cell"]):
                    row = [float("nan") if values[i] is None else float(values[i]) for values in numbers]
                    self._rows.append((cell, order.index(VerdictKind(columns["verdict"][i])), row))

    def packet(self, start: int) -> bytes:
        """The games from this one on, of those that have come, as `assets/live/bytes.js` reads them: which it is, `cell`
        `(n,)`, its `verdict` `(n,)` by the place in VERDICTS, its `numbers` `(n, len(NUMBERS))`."""
        with self._lock:
            rows = self._rows[start:]
            count = len(self._rows)
        at = self.progress
        left = at.seconds / at.cells * (self.sweep.count - count) if at.cells and self.state == "playing" else None
        label = {
            "kind": "sweep",
            "state": "done" if count >= self.sweep.count else self.state,
            "trouble": self.trouble.on_wire(),
            "start": min(start, count),
            "count": count,
            "is_compiling": at.is_compiling,
            "pace": at.pace,
            "left": None if left is None else in_words(left).on_wire(),
        }
        arrays: dict[str, NDArray[Any]] = {
            "cell": np.array([row[0] for row in rows], dtype=np.int32),
            "verdict": np.array([row[1] for row in rows], dtype=np.uint8),
            "numbers": np.array([row[2] for row in rows], dtype=np.float32).reshape(len(rows), len(NUMBERS)),
        }
        return pack(label, arrays)

    def edges(self, pane: int) -> list[Segment]:
        """The boundary of stability on the map of this value of the third axis."""
        if pane not in self._edges:
            self._edges[pane] = edges_of(self.sweep, pane)
        return self._edges[pane]


class Host:
    """Keeps the sweeps below `gandash.store.places.home()`. `seat()` holds a seat of the machine while one is played, and
    raises where there is none."""

    def __init__(self, processes: int, seat: Callable[[], AbstractContextManager[None]]) -> None:
        self._processes, self._seat = processes, seat
        self._lock = threading.RLock()
        self._known: dict[str, Hosted] = {}
        self._playing: Hosted | None = None
        self._thread: threading.Thread | None = None
        self._stop, self._now = threading.Event(), threading.Event()

    def cost(self, sweep: Sweep) -> Said:
        """In words, before it begins. Raises SweepRefused, SettingError."""
        if sweep.count > MOST_GAMES:
            raise SweepRefused(
                say(
                    "These are {count} games; a map on this page has at most {most}. Give fewer values or seeds, or play it by "
                    "`python -m gandash sweep`.",
                    count=f"{sweep.count:,}",
                    most=f"{MOST_GAMES:,}",
                )
            )
        parts = planned(sweep, PART_SECONDS)
        cost = cost_of(sweep, parts)
        try:
            for part in parts:
                check_affordable([sweep.cell(part.cells[0]).config])
            check_cost(sweep, cost, self._processes, MOST_HOURS)
        except Refusal as error:
            raise SweepRefused(words_of(error)) from None
        except TooDear as error:
            raise SweepRefused(say("This is too long for the page: {problem}.", problem=error.to_shorten)) from None
        return cost.words(self._processes)

    def begin(self, sweep: Sweep, about: About) -> Hosted:
        """Raises SweepRefused, SettingError."""
        self.cost(sweep)
        with self._lock:
            self._check_free(about.owner)
            if len(self.listed(lambda owner: owner == about.owner)) >= MOST_SWEEPS:
                raise SweepRefused(
                    say("You have {most} sweeps, as many as are kept. Delete one of them first.", most=MOST_SWEEPS)
                )
            try:
                results = Results.begin(home() / "sweeps" / new_id(), sweep, planned(sweep, PART_SECONDS))
                write_whole(results.folder / PAGE, json.dumps(about.__dict__).encode())
            except (BrokenSweep, OSError) as error:
                raise SweepRefused(say("There is no room for its results ({problem}).", problem=words_of(error))) from None
            hosted = self._known[results.folder.name] = Hosted(results, about)
            try:
                self._play(hosted)
            except Exception:
                self.delete(hosted)
                raise
            return hosted

    def go_on(self, hosted: Hosted) -> None:
        """With one that was stopped. Raises SweepRefused."""
        with self._lock:
            self._check_free(hosted.about.owner)
            if not hosted.is_whole:
                self._play(hosted)

    def stop(self, hosted: Hosted) -> None:
        """What is in play is finished; nothing more is begun."""
        with self._lock:
            if self._playing is hosted:
                hosted.state = "stopping"
                self._stop.set()

    def delete(self, hosted: Hosted) -> None:
        """For good. Raises SweepRefused while it is played."""
        with self._lock:
            if self._playing is hosted:
                raise SweepRefused(say("It is being played: stop it first."))
            self._known.pop(hosted.id, None)
            shutil.rmtree(hosted.results.folder, ignore_errors=True)

    def find(self, name: str) -> Hosted | None:
        """By its id; None where no page has begun it."""
        with self._lock:
            if name in self._known:
                return self._known[name]
            folder = home() / "sweeps" / name
            if not ID.fullmatch(name) or not (folder / PAGE).is_file():
                return None
            try:
                about = About(**json.loads(read_whole(folder / PAGE, 2**16)))
                self._known[name] = Hosted(Results.open(folder), about)
            except (BrokenSweep, BrokenRun, OSError, ValueError, TypeError) as error:
                log.warning("%s: %s", name, error)
                return None
            return self._known[name]

    def listed(self, may_see: Callable[[str], bool]) -> list[Hosted]:
        """The newest first, of owners that one may see."""
        folder = home() / "sweeps"
        names = sorted((path.parent.name for path in folder.glob(f"*/{PAGE}")), reverse=True) if folder.is_dir() else []
        found = (self.find(name) for name in names)
        return [one for one in found if one is not None and may_see(one.about.owner)]

    def close(self) -> None:
        """End what is played, at once; what is on disk is kept."""
        self._now.set()
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _check_free(self, owner: str) -> None:
        if (other := self._playing) is not None:
            is_own = other.about.owner == owner
            whose = say("“{title}”", title=finished(other.about.title)) if is_own else say("somebody else’s")
            raise SweepRefused(
                say("One sweep at a time is played here, now {whose}. Begin yours when it is done, or stopped.", whose=whose)
            )

    def _play(self, hosted: Hosted) -> None:
        seat = ExitStack()
        seat.enter_context(self._seat())  # it raises here, for the person, and not in the thread
        self._stop.clear()
        hosted.state, hosted.trouble, hosted.progress = "playing", finished(""), Progress()
        self._playing = hosted
        self._thread = threading.Thread(target=self._follow, args=(hosted, seat), name="sweep", daemon=True)
        self._thread.start()

    def _follow(self, hosted: Hosted, seat: ExitStack) -> None:
        try:
            for progress in self._progress(hosted):
                hosted.progress = progress
                hosted.read_new()
        except (SweepFailed, OSError) as error:
            hosted.trouble = words_of(error)
            log.warning("sweep %s: %s", hosted.id, error)
        except Exception:
            hosted.trouble = say("It could not be played on; the log of the server says why.")
            log.exception("sweep %s", hosted.id)
        finally:
            hosted.read_new()
            with self._lock:
                hosted.state = "failed" if hosted.trouble else "stopped"
                self._playing = None
            seat.close()

    def _progress(self, hosted: Hosted) -> Iterator[Progress]:
        budget = hosted.sweep.stopping.budget_seconds
        playing = play_missing(
            hosted.results, self._processes, budget_seconds=budget, is_stopping=self._stop.is_set, started=_give_way
        )
        with closing(playing):
            for progress in playing:
                yield progress
                if self._now.is_set():
                    return


def _give_way(pids: Sequence[int]) -> None:
    for pid in pids:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, NICE)


def edges_of(sweep: Sweep, pane: int) -> list[Segment]:
    """The boundary of stability on the map of this value of the third axis (`gandash.sweeps.known`)."""
    try:
        return boundary(sweep, sweep.axes[2].values[pane : pane + 1] if len(sweep.axes) > 2 else ())
    except SettingError:  # a game between two of them that cannot be
        return []


def foreseen(sweep: Sweep, about: About) -> dict[str, Any]:
    """What the browser draws the map of a sweep by that nobody has begun: where its games will stand, and theory's lines."""
    panes = len(sweep.axes[2].values) if len(sweep.axes) > 2 else 1
    return {"about": described(sweep, about), "edges": [edges_of(sweep, pane) for pane in range(panes)]}


def described(sweep: Sweep, about: About, name: str = "") -> dict[str, Any]:
    """What the browser draws the map by, as JSON; words are messages (`Said.on_wire`)."""
    return {
        "id": name,
        "title": finished(about.title).on_wire(),
        "finding": finished(about.finding).on_wire(),
        "colour": about.colour,
        "seeds": sweep.seeds,
        "steps": sweep.steps,
        "count": sweep.count,
        "axes": [
            {"name": called(sweep, axis).on_wire(), "values": [_words(axis, value, sweep).on_wire() for value in axis.values]}
            for axis in sweep.axes
        ],
        "verdicts": [
            {"kind": kind.value, "name": Said(kind.value.replace("_", " ")).on_wire(), "colour": colour, "letter": letter}
            for kind, (colour, letter) in VERDICTS.items()
        ],
        "numbers": list(NUMBERS),
    }


def called(sweep: Sweep, axis: Axis) -> Said:
    """As the page calls the settings."""
    found = []
    for path in axis.paths:
        try:
            label = setting_at(sweep.base, path).label
        except SettingError:  # of a variant that the axis chooses
            label = path.split(".")[-1].replace("_", " ")
        whose = {"generator_optimiser": "G", "discriminator_optimiser": "D"}.get(path.split(".")[0], "")
        found.append((whose, label))
    if len(found) == 2 and found[0][1] == found[1][1]:
        return say("{setting} of G and D", setting=Said(found[0][1]))
    return listed(
        *(say("{player} {setting}", player=whose, setting=Said(label)) if whose else Said(label) for whose, label in found)
    )


def _words(axis: Axis, value: Any, sweep: Sweep) -> Said:
    """As the page calls a choice or a kind; numbers as they are."""
    if isinstance(value, int | float):
        return finished(f"{value:.3g}" if isinstance(value, float) else str(value))
    kind = str(value.get("kind", value) if isinstance(value, dict) else value)
    try:
        choices = setting_at(sweep.base, axis.paths[0]).choices
    except SettingError:
        choices = {}
    return finished(choices.get(kind) or kind.replace("_", " "))
