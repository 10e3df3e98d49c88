"""`python -m gandash sweep`: many games at once, where in the space of settings what happens."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Any

import click

from gandash.cli.configuring import assignment
from gandash.cli.helping import padded
from gandash.cli.live import preset_name
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.cluster.joining import NoCluster
from gandash.config.setting import SettingError
from gandash.headless.settings import configure
from gandash.presets import DEFAULT, PRESETS
from gandash.sweeps.axes import ALLOWED, Axis
from gandash.sweeps.cluster import connected
from gandash.sweeps.cost import MOST_HOURS, TooDear, cost_of
from gandash.sweeps.local import SweepFailed
from gandash.sweeps.ready import READY
from gandash.sweeps.results import BrokenSweep, Results
from gandash.sweeps.sweep import Sweep
from gandash.sweeps.sweeping import STEPS, again, arranged, cores, placed, play
from gandash.wire.facts import Engine
from gandash.words import marked, say, t

ONLY_ONCE = marked("it is already said what this sweep is; leave it out, and it goes on as it was begun")
WHOLE = marked("a ready sweep is whole; leave it out, or say by --axis what is to be varied")


@click.command()
@click.option("--ready", type=click.Choice(list(READY)), help="A ready sweep, whole; each shows something, and says what.")
@click.option(
    "--preset", type=preset_name(list(PRESETS)), metavar="NAME", help=f"The game that is varied.  [default: {DEFAULT.name}]"
)
@click.option(
    "--axis",
    "axes",
    multiple=True,
    metavar="AXIS",
    help=f"What is varied: {ALLOWED}. Repeatable; PATH+PATH are varied together.",
)
@click.option("--set", "assignments", multiple=True, metavar="PATH=VALUE", help="A setting of all games. Repeatable.")
@click.option("--seeds", type=click.IntRange(1), metavar="N", help="Each point is played with so many seeds.  [default: 1]")
@click.option(
    "--steps", type=click.IntRange(1), metavar="N", help=f"Rounds of each game.  [default: the preset's, else {STEPS}]"
)
@click.option(
    "--design",
    type=click.Choice(["grid", "latin_hypercube", "random"]),
    help="All combinations, or --samples points spread over the ranges.  [default: grid]",
)
@click.option("--samples", type=click.IntRange(1), metavar="N", help="Points of such a design.")
@click.option("--converged", type=click.IntRange(1), metavar="N", help="End a game when N readings in a row say converged.")
@click.option(
    "--budget", type=click.FloatRange(0, min_open=True), metavar="S", help="Begin nothing once so many seconds are spent."
)
@click.option(
    "--at", "kept", type=click.IntRange(1), multiple=True, metavar="STEP", help="Keep the metrics of this step too. Repeatable."
)
@click.option("--states", is_flag=True, help="Keep the last state of each game.")
@click.option(
    "--engine", type=click.Choice(["torch", "compiled"]), help="Who plays.  [default: compiled, where it covers a game]"
)
@click.option(
    "--out", metavar="DIR", help="Where the results go, a new or empty folder.  [default: below ~/.local/share/gandash/sweeps]"
)
@click.option("--resume", is_flag=True, help="Go on with the sweep in --out.")
@click.option(
    "--processes", type=click.IntRange(1, 1024), metavar="N", help="Of one thread each.  [default: one for each core]"
)
@click.option(
    "--ray",
    "address",
    metavar="ADDRESS",
    help="On the cores of a Ray cluster: auto, the one that this machine belongs to, or HOST:PORT.",
)
@click.option(
    "--hours",
    type=click.FloatRange(0, min_open=True),
    metavar="H",
    default=MOST_HOURS,
    show_default=True,
    help="Refuse a longer one.",
)
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object on stdout.")
@click.pass_context
def sweep(
    ctx: click.Context,
    /,
    ready: str | None,
    out: str | None,
    resume: bool,
    processes: int | None,
    address: str | None,
    hours: float,
    as_json: bool,
    **given: Any,
) -> None:
    """Play a game at every point of a space of settings, on all cores, and say where it does what.

    A row of the results is a function of its game's settings, seed and steps. Ctrl-C finishes what is in play and exits with
    status 130; whatever ended it, --resume goes on.
    """
    again_told = [name for name, value in ({"ready": ready if resume else None} | given).items() if value]
    if again_told and (resume or ready):
        names = {"axes": "axis", "assignments": "set", "kept": "at"}
        refuse(f"--{names.get(again_told[0], again_told[0])}: {t(ONLY_ONCE if resume else WHOLE)}")
    try:
        with ExitStack() as stack:
            cluster = stack.enter_context(connected(address, processes)) if address else None
            count = cluster.cores if cluster else processes or cores()
            if resume:
                results = again(None, out, count, hours)
            else:
                results = placed(READY[ready].sweep if ready else _wanted(**given), out, count, hours)
                if ready:
                    click.echo(t(READY[ready].finding), err=True)
            cost = cost_of(results.sweep, results.missing())
            if cost.games:
                said = t("{first}, {second}", first=cost.words(count), second=say("into {folder}", folder=results.folder))
                click.echo(one_line(said), err=True)
            stopped = play(results, count, cluster=cluster)
    except SettingError as error:
        refuse(told(error))
    except TooDear as error:
        refuse(t("{problem} by --hours", problem=told(error)))
    except NoCluster as error:
        refuse(f"--ray {told(error)}")
    except BrokenSweep as error:
        refuse(f"--out {told(error)}")
    except (SweepFailed, OSError) as error:
        raise click.ClickException(one_line(told(error))) from None
    _report(results, as_json)
    if stopped:
        ctx.exit(128 + stopped)


def _wanted(
    preset: str | None,
    axes: tuple[str, ...],
    assignments: tuple[str, ...],
    seeds: int | None,
    steps: int | None,
    design: str | None,
    samples: int | None,
    converged: int | None,
    budget: float | None,
    kept: tuple[int, ...],
    states: bool,
    engine: Engine | None,
) -> Sweep:
    """Raises SettingError."""
    ready = PRESETS[preset or DEFAULT.name]
    return arranged(
        base=configure(ready.config, [assignment("--set", text) for text in assignments]),
        axes=[Axis.of(text) for text in axes],
        preset=ready.name,
        seeds=seeds or 1,
        steps=steps or ready.steps,
        design=design or "grid",
        samples=samples or 0,
        stopping={"converged": converged or 0, "budget_seconds": budget},
        keep={"at": kept, "states": states},
        engine=engine,
    )


def _report(results: Results, as_json: bool) -> None:
    """How the games went, most of them first."""
    table, count = results.table(), results.sweep.count
    verdicts = Counter(table["verdict"].to_pylist() if table.num_rows else [])
    if as_json:
        print_json({"folder": str(results.folder), "games": count, "played": table.num_rows, "verdicts": dict(verdicts)})
        return
    played = t("{done} of {all} games played, in {folder}", done=f"{table.num_rows:,}", all=f"{count:,}", folder=results.folder)
    click.echo(one_line(played))
    for name, n in verdicts.most_common():
        click.echo(f"  {padded(t(name.replace('_', ' ')), 18)} {n:,}")
    if table.num_rows < count:
        click.echo(one_line(t("The rest: {command}", command=f"python -m gandash sweep --resume --out {results.folder}")))
