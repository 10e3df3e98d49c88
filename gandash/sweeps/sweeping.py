"""`gandash.sweep`, and what the command line stands on: a sweep is arranged, played with a bar, and found as a data frame."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandash.config import GameConfig
from gandash.config.setting import JsonValue, SettingError
from gandash.headless.bars import place
from gandash.headless.settings import begun, configure, named
from gandash.leaving import first_signal
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.store.places import home, new_id
from gandash.sweeps.axes import Axis
from gandash.sweeps.cells import Cells
from gandash.sweeps.cluster import Cluster, connected
from gandash.sweeps.cost import MOST_HOURS, check_cost, cost_of, in_words
from gandash.sweeps.local import Progress, play_missing
from gandash.sweeps.planning import planned
from gandash.sweeps.results import BrokenSweep, Results
from gandash.sweeps.sweep import Sweep, read_sweep
from gandash.wire.facts import Engine
from gandash.words import marked, say, t

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

STEPS = 3000  # of a game that promises nothing


def sweep(
    game: str | Preset | GameConfig | Mapping[str, JsonValue] = DEFAULT.name,
    axes: Mapping[str, Any] | Sequence[Axis | str] = (),
    *,
    seeds: int = 1,
    steps: int | None = None,
    design: str = "grid",
    samples: int = 0,
    design_seed: int = 0,
    converged: int = 0,
    budget_seconds: float | None = None,
    at: Sequence[int] = (),
    states: bool = False,
    engine: Engine | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    processes: int | None = None,
    ray: str | None = None,
    hours: float = MOST_HOURS,
    progress: bool | None = None,
    **settings: Any,
) -> Cells:
    """Play a game at every point of a space of settings, on all cores; a data frame with a row for each game.

    `game` and `settings` as for `gandash.train`. `axes`: what is varied, by dotted paths or with two underscores for each dot,
    each a list of values (`numpy.geomspace`) or text, "LOW:HIGH:COUNT" or "LOW:HIGH:COUNTlog"; several paths with a + between
    have one value. `design`: a "grid" of all combinations, or `samples` points of a "latin_hypercube" or at "random". `seeds`:
    each point is played so often, with consecutive seeds.

    A game ends after `steps` rounds (by default when a ready game's promise is kept, else 3000), or when it diverges, or, with
    `converged`, when so many readings in a row say so. `budget_seconds`: nothing is begun once so much time is spent. `at`:
    steps whose metrics are kept too; `states`: the last state of each game is kept as well, in safetensors.

    A row depends on its game's settings, seed, steps and engine alone, not on what was played beside it. `out`: the folder of
    the results, by default one below `~/.local/share/gandash/sweeps`; a sweep that was killed, or stopped by Ctrl-C, goes on by
    the same call with `resume=True`. `processes`: by default one for each core. `ray`: on a Ray cluster, "auto" or its
    address. `hours`: longer sweeps are refused.

    Raises SettingError, a ValueError, which names the setting and what is allowed; TooDear, another, with the estimate;
    BrokenSweep, another, of the folder; NoCluster, another; SweepFailed where games cannot be played.

    >>> import gandash
    >>> cells = gandash.sweep("dirac-r1", {"regulariser.r1": [0.0, 0.3]}, steps=600, processes=1, progress=False)
    >>> cells["verdict"].tolist()
    ['oscillating', 'converged']
    """
    ready, base = begun(game)
    listed = [Axis.through(path, values) for path, values in axes.items()] if isinstance(axes, Mapping) else list(axes)
    wanted = arranged(
        base=configure(base, named(settings)),
        axes=[axis if isinstance(axis, Axis) else Axis.of(axis) for axis in listed],
        preset=ready.name if ready else "",
        seeds=seeds,
        steps=steps if steps is not None else ready.steps if ready else STEPS,
        design=design,
        samples=samples,
        design_seed=design_seed,
        stopping={"converged": converged, "budget_seconds": budget_seconds},
        keep={"at": list(at), "states": states},
        engine=engine,
    )
    with ExitStack() as stack:
        cluster = stack.enter_context(connected(ray, processes)) if ray else None
        count = cluster.cores if cluster else processes or cores()
        results = again(wanted, out, count, hours) if resume else placed(wanted, out, count, hours)
        play(results, count, progress, cluster)
    return Cells.of(results)


def arranged(*, base: GameConfig, axes: Sequence[Axis], **given: Any) -> Sweep:
    """The sweep of these. Raises SettingError."""
    if not axes:
        raise SettingError(
            "axes",
            "none",
            say("something has to be varied"),
            say("as in {example}", example="generator_optimiser.learning_rate=1e-4:1e-1:16log"),
        )
    return read_sweep({"base": base, "axes": tuple(axes), **given})


def placed(wanted: Sweep, out: str | Path | None, processes: int, hours: float) -> Results:
    """A new sweep in its folder. Raises TooDear, BrokenSweep, and SettingError where a game cannot be."""
    parts = planned(wanted)
    check_cost(wanted, cost_of(wanted, parts), processes, hours)
    return Results.begin(Path(out) if out is not None else home() / "sweeps" / new_id(), wanted, parts)


def again(wanted: Sweep | None, out: str | Path | None, processes: int, hours: float) -> Results:
    """The sweep of this folder, which must be the wanted one if any is. Raises TooDear, BrokenSweep."""
    if out is None:
        raise BrokenSweep(say("to go on with a sweep its folder must be named"))
    found = Results.open(Path(out))
    if wanted is not None and found.sweep != wanted:
        raise BrokenSweep(say("{folder} has another sweep than this; name another folder", folder=str(found.folder)))
    if found.has_other_versions:
        folder = "".join(c if c.isprintable() else "?" for c in str(found.folder))
        told = marked(
            "The sweep in {folder} was begun with other versions than these: games played from here on may round differently."
        )
        click.echo(t(told, folder=folder), err=True)
    check_cost(found.sweep, cost_of(found.sweep, found.missing()), processes, hours)
    return found


def cores() -> int:
    """Of this machine, as many as this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---------------------------------------------------------------------------------------------------------------- played


def play(results: Results, processes: int, is_shown: bool | None = None, cluster: Cluster | None = None) -> int:
    """What is missing, here or on a cluster, with a bar where somebody can see it; the signal that ended it early, 0: none.

    The first Ctrl-C lets parts in play be finished, a second one ends all at once. Either way nothing that is in the folder is
    lost. Raises SweepFailed.
    """
    missing = results.missing()
    total = sum(len(part.cells) for part in missing)
    if not missing:
        return 0
    ask = cluster.play_missing if cluster else partial(play_missing, processes=processes)
    budget = results.sweep.stopping.budget_seconds
    seen, file = place(is_shown)
    bar: ProgressBar[Progress] = click.progressbar(
        length=total,
        label=t("games"),
        file=file,
        hidden=not seen,
        show_pos=True,
        show_eta=False,
        item_show_func=partial(_words, total),
    )
    with first_signal() as stop, bar:
        told = False
        with closing(ask(results, budget_seconds=budget, is_stopping=lambda: bool(stop))) as playing:
            for at in playing:
                bar.update(at.cells - bar.pos)
                bar.current_item = at
                bar.render_progress()
                if stop and not told:
                    click.echo("\n" + t("Finishing the parts in play, some seconds; Ctrl-C again ends them too."), err=True)
                    told = True
    return stop[0] if stop else 0


def _words(total: int, at: Progress | None) -> str | None:
    """Beside the bar."""
    if at is None:
        return None
    if at.is_compiling:
        return t("rounds are compiled for this machine, once: half a minute")
    if not at.cells:
        return t("starting")
    left = in_words(at.seconds / at.cells * (total - at.cells))
    return t("{pace} steps/s, {time} left", pace=f"{at.pace:,.0f}", time=left)
