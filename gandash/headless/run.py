"""A recorded run as an object of Python's: its curves, pictures and states, and what can be asked of its players."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from gandash.config import GameConfig
from gandash.config.game import LOOP
from gandash.config.setting import nearest
from gandash.exporting.columns import column
from gandash.exporting.movies import PER_SECOND
from gandash.exporting.pictures import Size, Theme
from gandash.exporting.registry import Wanted
from gandash.exporting.tables import STEP, STEPS, curves
from gandash.figures import stages
from gandash.figures.curves import figure as curve_figure
from gandash.figures.curves import panels_of
from gandash.game.field import evaluate_discriminator, sample
from gandash.game.given import NOTHING, Given
from gandash.headless.bars import exported
from gandash.headless.frame import Frame
from gandash.headless.frame import read as read_frame
from gandash.headless.keeping import SCRATCH, kept
from gandash.headless.playing import Outcome, Trunk
from gandash.headless.playing import play_on as play_game_on
from gandash.headless.shown import HEIGHT, Shown, is_notebook
from gandash.headless.timeline import Alone, Changes, Timeline, check_steps, planned
from gandash.links import Writer, fingerprint
from gandash.server.recorded import OpenRun
from gandash.store.files import write_whole
from gandash.store.keyframes import state_hash
from gandash.store.reading import StoredRun, config_after
from gandash.store.writing import claim
from gandash.wire.browser import Beside, Verdict
from gandash.wire.changes import mark
from gandash.wire.facts import Facts
from gandash.wire.messages import Change
from gandash.worker.games import Games
from gandash.worker.keyframe import before, games_at, play_on, state_of
from gandash.worker.observer import Observer, Rows
from gandash.worker.trajectory import reproducibly

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure


class Run:
    """A run that was recorded, by Python, the command line or the page. Steps are rounds; at `step` None is its last one.

    What is not on disk is played again from the nearest state that is: bit for bit the same on the machine that played it.
    Methods raise BrokenRun, a ValueError, where the record cannot be read.
    """

    def __init__(self, directory: Path, outcome: Outcome | None = None, given: Given = NOTHING, owner: object = None) -> None:
        """`owner`: whoever's folder it is, which goes with that."""
        self.directory, self._owner = directory, owner
        self.stored = StoredRun(directory)
        if (leave := SCRATCH.pop(str(directory), None)) is not None:
            weakref.finalize(self, leave)
        self._outcome, self._given = outcome, given
        self._games = outcome.games if outcome else None

    def __repr__(self) -> str:
        said = f"; {self.verdict.title}" if self.verdict else ""
        return f"<Run {self.id}: {self.title or 'untitled'}, {self.steps:,} steps{said}>"

    # ----------------------------------------------------------------------------------------------------- what it is

    @property
    def id(self) -> str:
        return self.stored.manifest.id

    @property
    def title(self) -> str:
        return self.stored.manifest.title

    @property
    def steps(self) -> int:
        """Rounds that were played."""
        return self.stored.steps

    @property
    def config(self) -> GameConfig:
        """The settings as they are at the end."""
        self._one()
        return config_after(self.stored.configs[0], self.stored.changes[0])

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed in mid-run, and when."""
        self._one()
        return tuple(self.stored.changes[0])

    @property
    def parent(self) -> tuple[str, int] | None:
        """The id of the run that this one branched off, and the step."""
        found = self.stored.manifest.parent
        return (found.run, found.step) if found else None

    @property
    def verdict(self) -> Verdict | None:
        """How it went, in words: its `title` and `reason`."""
        self._one()
        return self.stored.verdicts[0]

    @property
    def report(self) -> dict[str, Any] | None:
        """What `python -m gandash train --json` would have printed; of a run that was opened, None."""
        return self._outcome.report if self._outcome else None

    @property
    def was_interrupted(self) -> bool:
        """Whether Ctrl-C ended it early."""
        return bool(self._outcome and self._outcome.signal)

    @property
    def state(self) -> str:
        """A hash of the last whole state: players, moments, random streams. The same run ends in the same; of one that has
        diverged it is the state before."""
        return state_hash(state_of(self._at(None)))

    @property
    def link(self) -> str:
        """The run as a line of text, as the page's address has it: `python -m gandash replay LINK` plays it elsewhere. Raises
        ValueError for one that cannot travel so: of several games, or with players, loss or a loop from Python.

        >>> import gandash
        >>> gandash.train("two-modes", steps=20, engine="torch").link.split("~")[:3]
        ['1', 'two-modes', 'by-t']
        """
        self._one()
        manifest, configs = self.stored.manifest, self.stored.configs
        if given := " and ".join(manifest.given):
            raise ValueError(f"{self.id} cannot travel as a link: it was played with {given} from Python; send its folder")
        written = Writer(configs, manifest.engines, manifest.preset, self.id).link(self.stored.changes)
        return written.at(self._last, self.state, fingerprint(manifest.versions))

    def _one(self) -> None:
        if len(self.stored.configs) > 1:
            raise ValueError(
                f"{self.id} compares {len(self.stored.configs)} games; its `history` has them all, the rest is of one"
            )

    # --------------------------------------------------------------------------------------------------------- curves

    @property
    def history(self) -> pd.DataFrame:
        """The curves, a row for each step (the index `step`), a float32 column for each; NaN where nothing was measured.

        `attrs["meaning"]` and `attrs["unit"]` say by column what it is and in what: JSD and V in nats, W1 in units of x, norms
        without unit. Measured numbers stay until they are measured anew. Of a run so long that its older steps were put
        together a row covers `steps` of them up to `step`: it has their means, in `NAME.low` and `NAME.high` their extremes.

        >>> import gandash
        >>> curves = gandash.train("two-modes", steps=20).history
        >>> len(curves), curves.attrs["unit"]["jsd"]
        (20, 'nats')
        """
        found: pd.DataFrame = curves(self.stored).to_pandas().set_index(STEP)
        known = {name: column(name) for name in found.columns if name != STEPS}
        found.attrs["meaning"] = {name: about.meaning for name, about in known.items()}
        found.attrs["unit"] = {name: about.unit for name, about in known.items()}
        found.attrs["run"] = self.id
        return found

    # ------------------------------------------------------------------------------------------------------- pictures

    def frame(self, step: int | None = None) -> Frame:
        """What the page's picture of a step carries: see `gandash.headless.frame.Frame`. Its numbers are of that very step.
        Of a loop that was watched it is the picture that was recorded nearest.

        >>> import gandash
        >>> gandash.train("dirac-orbit", steps=3).frame()["path"].shape       # (theta, psi) from step 0 on
        (4, 2)
        """
        if self.is_of_a_loop:
            return self._recorded(step)[1]
        observer = self._observer(step)
        with reproducibly():
            return read_frame(self._at(step).picture(0, 0.0), observer.facts())

    @property
    def is_of_a_loop(self) -> bool:
        """Whether `gandash.watch` recorded it: nothing of it can be played, and its pictures are those that there are."""
        return LOOP in self.stored.manifest.given

    def _recorded(self, step: int | None) -> tuple[Facts, Frame]:
        """The recorded picture that is nearest to a step, and what was true of the game then."""
        _, found = OpenRun(self.directory).picture(self.steps if step is None else step)
        (of_game,) = Beside.model_validate_json(found.beside).games
        return of_game.facts, read_frame(found.frame, of_game.facts)

    def show(self, height: int = HEIGHT) -> Shown:
        """The page that replays this run, with its time slider: inline where the last value of a notebook's cell is shown
        (Jupyter, VS Code, marimo), so many pixels high; elsewhere it opens in a browser. At most 15 MB, without a network."""
        shown = Shown(exported(self.stored, "replay.html", Wanted()), self.title or self.id, height)
        if not is_notebook():
            shown.open()
        return shown

    def figure(self, what: str = "stage", step: int | None = None, *, is_dark: bool = False) -> Figure:
        """A Plotly figure in the page's colours, dashes and words: `stage`, the picture of a step, or one of the curves, on
        which a line then says where `step` is: `losses`, `mean_d`, `value`, `divergence`, `coverage`, `gradients`,
        `learning_rates`, `update_cosine`, `slope`; of pictures `frechet` and `precision` too.

        Raises ValueError for what there is not in this game.
        """
        facts = self._recorded(step)[0] if self.is_of_a_loop else self._observer(step).facts()
        if what == "stage":
            return stages.figure(facts, self.frame(step).arrays, is_dark)
        known = panels_of(facts)
        if what not in known:
            near = nearest(what, ["stage", *known])
            advice = f"did you mean {near}?" if near else f"there are: {', '.join(['stage', *known])}"
            raise ValueError(f"what: given {what!r}; this game has no such figure; {advice}")
        history = self.history
        marks = [(change.step, mark(change, self.config).label) for change in self.changes if change.kind == "set"]
        columns = {name: history[name].to_numpy() for name in facts.columns}
        return curve_figure(what, facts, history.index.to_numpy(), columns, marks, step, is_dark)

    # -------------------------------------------------------------------------------------------------------- players

    def samples(self, n: int = 1000, step: int | None = None, *, averaged: bool = False, seed: int = 0) -> NDArray[np.float32]:
        """n samples of G at a step, `(n, dimension)`; pictures `(n, channels, height, width)` from -1 (black) to 1 (white).

        Of the `averaged` G where that is asked for. `seed` is of the latents alone: the same ones give the same samples.

        >>> import gandash
        >>> gandash.train("dirac-orbit", steps=3).samples(2).shape       # G is a point: all samples are theta
        (2, 1)
        """
        if n < 1:
            raise ValueError(f"n: given {n}; a whole number from 1 is needed")
        observer = self._observer(step)
        game, state = observer.game, observer.state
        latents = game.latent.sample(torch.Generator().manual_seed(seed), n)
        with reproducibly():
            found: NDArray[np.float32] = (
                sample(game, state.average if averaged else state.theta, latents[None])[0].numpy().copy()
            )
        return found.reshape(n, *getattr(game.data, "shape", found.shape[1:]))

    def discriminator(self, x: ArrayLike, step: int | None = None) -> NDArray[np.float32]:
        """What D says of points at a step, `(n,)`: D(x) from 0 to 1, or a critic's score a(x), as the objective has it.

        `x`: `(n,)` on the line, `(n, dimension)`, or pictures `(n, channels, height, width)` from -1 to 1. Raises ValueError
        for another shape.
        """
        observer = self._observer(step)
        game, state = observer.game, observer.state
        points = np.asarray(x, dtype=np.float32)
        n = len(points) if points.ndim else 1
        if points.size != n * game.data.dimension or not n:
            wanted = f"(n, {game.data.dimension})" if game.data.dimension > 1 else "(n,)"
            raise ValueError(f"x: given an array of shape {points.shape}; {wanted} is needed")
        with reproducibly():
            a = evaluate_discriminator(game, state.phi_effective, torch.from_numpy(points.reshape(1, n, -1).copy()))
            found: NDArray[np.float32] = game.objective.reading.of(a)[0].numpy().copy()
        return found

    def _observer(self, step: int | None) -> Observer:
        self._one()
        return self._at(step).observers[0]

    @property
    def _last(self) -> int:
        """The last step whose state is of finite numbers."""
        told = self.stored.verdicts[0]
        return max(self.stored.states, default=0) if told and told.kind == "diverged" else self.steps

    def _at(self, step: int | None) -> Games:
        """The games at a step. Those of the last call are kept: from there it is not far to a later step."""
        step = self._last if step is None else step
        if not 0 <= step <= self.steps:
            raise ValueError(f"step: given {step}; this run has those from 0 to {self.steps:,}")
        with reproducibly():
            if self._games is None or self._games.step > step:
                self._games = games_at(self.stored, step, self._given)
            elif self._games.step < step:
                play_on(self._games, self.stored, step)
        return self._games

    # ------------------------------------------------------------------------------------------------------- branches

    def branch(
        self,
        step: int,
        *,
        steps: int | None = None,
        at: Changes = (),
        alone: Mapping[int, Alone] | None = None,
        title: str = "",
        out: str | Path | None = None,
        progress: bool | None = None,
        **settings: Any,
    ) -> Run:
        """A run of its own that is this one up to `step`, state and curves, and goes on from there under other live `settings`.

        `steps`: rounds to play from there; without, both end at the same step. All else as `gandash.train` has it. Raises
        Untimely, a ValueError, for a setting that needs another game.

        >>> import gandash
        >>> run = gandash.train("two-modes", steps=30)
        >>> other = run.branch(20, objective="minimax")
        >>> other.steps, other.parent == (run.id, 20), bool((other.history[:20] == run.history[:20]).all()["loss_d"])
        (30, True, True)
        """
        self._one()
        if not 0 <= step <= self._last:
            raise ValueError(f"step: given {step}; this run has states from 0 to {self._last:,}")
        end = step + check_steps(steps) if steps is not None else max(self._last, step + 1)
        rows = list[list[Rows]]()
        with reproducibly():
            games = before(self.stored, step, self._given)
            play_on(games, self.stored, step, keep=rows.append)
        config = games.trajectories[0].config
        coming = planned(config, end, {step: settings}) if settings else ()
        after = config.replace_all([(path, value) for _, path, value in coming]) if coming else config
        later = Timeline((*coming, *planned(after, end, at)), dict(alone or {}))
        keeping = kept(out, title or self.title, self.stored.manifest.preset, (self.id, step))
        played = play_game_on(games, end, keeping, later, progress, Trunk(self.directory, rows))
        return Run(keeping.directory, played, self._given)

    # ---------------------------------------------------------------------------------------------------------- files

    def save(self, folder: str | Path) -> Path:
        """A copy of the whole record in a new or empty folder, for `open`. Raises UnfitFolder, a ValueError, and OSError."""
        claim(Path(folder))
        shutil.copytree(self.directory, folder, dirs_exist_ok=True)
        return Path(folder)

    def export(
        self,
        what: str,
        file: str | Path,
        step: int | None = None,
        *,
        theme: Theme = "light",
        size: Size | None = None,
        between: tuple[int, int] | None = None,
        per_second: int = PER_SECOND,
        progress: bool | None = None,
    ) -> Path:
        """Write `metrics.csv`, `metrics.parquet`, `config.json`, `state.safetensors` (at `step`), `snippet.py`, a script that
        plays this run again, or `replay.html`, a page that replays it by itself.

        Drawn by an installed Chromium: `stage`, `view` (the stage with its curves) or a panel of curves, as `.svg` or `.png` of
        the recorded picture nearest to `step`, or as a film, `.gif`, `.webp` or `.mp4`, of all of them `between` two steps,
        `per_second` of them a second. `size` is (width, height) in px; a PNG has two pixels for each. `progress` as in
        `gandash.train`. Raises ValueError for another `what` and where there is no browser, and OSError.
        """
        wanted = Wanted(step, theme, size, between, per_second)
        write_whole(Path(file), exported(self.stored, what, wanted, progress))
        return Path(file)
