"""`python -m gandash train`: what is asked for on the command line becomes a game, and is played."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from gandash.cli.configuring import assignment, parse_value
from gandash.cli.helping import columns, lines, padded
from gandash.cli.live import CURE, at_option, chosen_move, preset_name, timeline
from gandash.cli.pictures import read as read_pictures
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.config import GameConfig, parse_config
from gandash.config.data.uploaded import played_with
from gandash.config.setting import JsonValue, SettingError
from gandash.headless.engine import NotPlayedSo
from gandash.headless.keeping import keep as keep_record
from gandash.headless.keeping import title_of
from gandash.headless.settings import configure
from gandash.headless.timeline import Timeline
from gandash.leaving import leaving_at_once
from gandash.packed import MAX_PICTURES, SIDES
from gandash.presets import DEFAULT, PRESETS
from gandash.server.admission import check_affordable
from gandash.store.format import CannotRecord
from gandash.store.writing import UnfitFolder
from gandash.uploads import tables
from gandash.uploads.dialects import TableRefused, refused
from gandash.wire.facts import Engine
from gandash.words import finished, marked, of_system, parted, t

MAX_CONFIG_BYTES = 4 * 2**20  # a config has about two thousand, and two million with 200,000 uploaded rows
ENGINES = {"torch": marked("by torch"), "compiled": marked("by compiled rounds")}
BOTH = marked("{one}: {other} is given as well; give one of them")
STEPS = 3000  # for a game that promises nothing
MAX_STEPS = 2**31 - 1  # steps are int32 wherever rows travel


class _Count(click.ParamType[int]):
    """A whole number, of steps or pictures."""

    name = "count"

    def __init__(self, least: int = 1, most: int = MAX_STEPS) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        with suppress(ValueError):
            if self.least <= (count := int(value)) <= self.most:
                return count
        name = param.opts[0] if param else self.name
        allowed = t("a whole number from {least} to {most}", least=self.least, most=self.most)
        refuse(t("{option}: given {value}; expected {advice}", option=name, value=value, advice=allowed))


@click.command(
    epilog="""\b
Examples:
  python -m gandash train --steps 500 --set run.batch=64 --set generator.width=16
  python -m gandash train --set data=uniform --set data.low=-2 --out runs/uniform
  python -m gandash train --preset mode-collapse --cure
  python -m gandash train --steps 2000 --at 1000 objective=minimax --at 1500 run.batch=64
  python -m gandash train --samples heights.csv --set data.scaling=as_given
  python -m gandash train --pictures train-images-idx3-ubyte.gz --side 28 --keep 5000 --steps 500
  python -m gandash train --config runs/uniform/manifest.json --seed 1 --json"""
)
@click.option(
    "--preset",
    type=preset_name(list(PRESETS)),
    metavar="NAME",
    help=f"A ready game to begin with; `presets` lists them.  [default: {DEFAULT.name}]",
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="Settings as JSON instead: DIR/manifest.json of a run, an entry of `presets --json`, or - for stdin.",
)
@click.option(
    "--set",
    "assignments",
    metavar="PATH=VALUE",
    multiple=True,
    help="Change one setting, as often as you like, in this order. VALUE is JSON, else a word. A kind "
    "(data=uniform) brings its own defaults. `schema` tells what there is.",
)
@click.option(
    "--samples",
    metavar="FILE",
    help=f"Learn from the numbers in this file: {tables.ALLOWED}. Every row is a sample.",
)
@click.option(
    "--read-as",
    metavar="WORD",
    multiple=True,
    help="How a file of samples is meant that can be read in more than one way: one (column) or two, decimal-comma, thousands, "
    "index, ...; a refusal says which words tell its readings apart.",
)
@click.option(
    "--pictures",
    metavar="PATH",
    multiple=True,
    help="Learn from the pictures in this file, or in this folder and those in it, which are classes then: PNG, JPEG, a zip "
    "of them, IDX, npy or npz.",
)
@click.option("--side", type=click.Choice([str(s) for s in SIDES]), help="Their side, in pixels.  [default: 16]")
@click.option("--colour", is_flag=True, help="Keep their colours; otherwise they are made grey.")
@click.option(
    "--keep",
    type=_Count(2, MAX_PICTURES),
    metavar="N",
    help="Keep so many of the pictures, drawn at random but always the same ones.  [default: as many as fit]",
)
@at_option("Change a live setting in mid-run, once so many steps are played; as often as you like.")
@click.option(
    "--cure",
    is_flag=False,
    flag_value=CURE,
    metavar="[MOVE]",
    help="Make the preset's move (what its button on the page does) at the step that its promise makes it. Of several, MOVE "
    "is the label, a part of it or the number; otherwise the one that mends.",
)
@click.option(
    "--steps",
    type=_Count(),
    metavar="N",
    help=f"Rounds to play.  [default: until the preset's promise is kept; {STEPS} with --config]",
)
@click.option("--seed", metavar="S", help="The same as --set run.seed=S.")
@click.option(
    "--engine",
    type=click.Choice(["torch", "compiled"]),
    help="Who plays. Compiled rounds are several times as fast; they are compiled once for a machine, which who asks for them "
    "waits for.  [default: compiled ones where they are ready and cover the game, else torch]",
)
@click.option(
    "--out",
    metavar="DIR",
    help="Keep the run in this new or empty directory, and end where that cannot be.  [default: below ~/.local/share/gandash, "
    "where `runs` lists it; GANDASH_RECORD=0 keeps none]",
)
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object on stdout; NaN becomes null.")
@click.pass_context
def train(
    ctx: click.Context,
    preset: str | None,
    config_file: str | None,
    assignments: tuple[str, ...],
    samples: str | None,
    read_as: tuple[str, ...],
    pictures: tuple[str, ...],
    side: str | None,
    colour: bool,
    keep: int | None,
    timed: tuple[tuple[int, str], ...],
    cure: str | None,
    steps: int | None,
    seed: str | None,
    engine: Engine | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Train one game and report where it stands at the end.

    Ctrl-C ends it after the round being played, saves what there is and exits with status 130; a second one ends it
    at once. A game that diverges ends at that step; that is a result, not an error.
    """
    if preset is not None and config_file is not None:
        refuse(t(BOTH, one=f"--config {config_file}", other=f"--preset {preset}"))
    if not pictures and (side is not None or colour):
        given = f"--side {side}" if side is not None else "--colour"
        refuse(t("{option}: it is for pictures from files; give --pictures PATH as well, or leave it out", option=given))
    ready = PRESETS[preset or DEFAULT.name] if config_file is None else None
    config = ready.config if ready else _read_config(config_file or "")
    if samples is not None and pictures:
        refuse(t(BOTH, one=f"--samples {samples}", other=f"--pictures {pictures[0]}"))
    if read_as and samples is None:
        refuse(
            t(
                "{option}: it is for numbers from a file; give --samples FILE as well, or leave it out",
                option=f"--read-as {read_as[0]}",
            )
        )
    data = _read_samples(samples, read_as) if samples is not None else []
    data += read_pictures(pictures, int(side or 16), colour, keep)
    changes = [*data, *(assignment("--set", a) for a in assignments)]
    live = [(step, f"--at {step} {text}", [assignment(f"--at {step}", text)]) for step, text in timed]
    last = ready.steps if ready else STEPS
    if cure is not None:
        move = chosen_move(ready, cure)
        live.append((move.at, f"--cure ({move.label}, at step {move.at})", list(move.changes)))
        last = move.until
    steps = last if steps is None else steps
    if seed is not None:
        changes.append(("run.seed", parse_value(seed)))
    try:
        config = configure(config, changes)
    except SettingError as error:
        refuse(told(error))
    live_changes = timeline(config, steps, live)
    _tell_cost(config)
    keeping = None
    try:
        keeping = keep_record(out, title_of(ready, config), ready.name if ready else "")  # before torch is waited for
        with leaving_at_once():
            from gandash.headless.playing import play
        outcome = play(config, steps, keeping, Timeline(live_changes), engine)
    except NotPlayedSo as error:
        refuse(t("{option}: {problem}; leave it out", option=f"--engine {engine}", problem=told(error)))
    except UnfitFolder as error:
        refuse(f"--out {told(error)}")
    except CannotRecord as error:
        why = f"--out {told(error)}"
        said = t("{problem}; the run was stopped, and what was written before can be read", problem=why)
        raise click.ClickException(one_line(said)) from None
    except (MemoryError, RuntimeError) as error:
        from gandash.game.device import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        said = t("this game needs more memory than there is; try narrower networks or a smaller batch")
        raise click.ClickException(said) from None
    except KeyboardInterrupt:
        said = t("Interrupted at once: the run was not finished, and no result was made.")
        if keeping and keeping.has_begun:
            said += " " + t("What was recorded until then can be read in {folder}.", folder=keeping.directory)
        click.echo(one_line(said), err=True)
        ctx.exit(128 + signal.SIGINT)
    if as_json:
        print_json(outcome.report)
    else:
        click.echo(summary(outcome.report))
    if outcome.signal:
        played, place = outcome.report["steps"], outcome.report["kept_in"]
        nothing = t("nothing was kept (--out DIR would have)") if played else t("nothing was played, and nothing is kept")
        kept = t("kept in {place}", place=place) if place else nothing
        click.echo(one_line(t("Interrupted at step {step} of {steps}; {kept}.", step=played, steps=steps, kept=kept)), err=True)
        ctx.exit(128 + outcome.signal)


def _tell_cost(config: GameConfig) -> None:
    """Say in advance what a large game takes. Here it is played all the same: the machine is the user's own."""
    try:
        check_affordable([config])
    except SettingError as error:
        click.echo(one_line(t("Large: a server would refuse {problem}. It is played here.", problem=told(error))), err=True)


def _read_config(file: str) -> GameConfig:
    try:
        with click.open_file(file, "rb") as stream:
            text = stream.read(MAX_CONFIG_BYTES + 1)  # never more, whatever a device or a pipe would give
    except OSError as error:
        refuse(
            t(
                "{option}: {problem}; expected a JSON file such as manifest.json of a run",
                option=f"--config {file}",
                problem=of_system(error),
            )
        )
    if len(text) > MAX_CONFIG_BYTES:
        most = MAX_CONFIG_BYTES // 2**20
        refuse(t("{option}: more than {most} MiB; a config is a small JSON file", option=f"--config {file}", most=most))
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = t("the text is not in UTF-8") if isinstance(error, UnicodeError) else error
        refuse(t("{option}: not JSON, or cut short: {why}", option=f"--config {file}", why=why))
    if isinstance(given, dict) and isinstance(games := given.get("configs"), list):  # a run's manifest
        if len(games) != 1:
            said = marked("{option}: a run of {count} games; give a file with the settings of one")
            refuse(t(said, option=f"--config {file}", count=len(games)))
        given = games[0]
    elif isinstance(given, dict) and "config" in given:  # an entry of `presets --json`, a result of `train --json`
        given = given["config"]
    try:
        return parse_config(given)
    except SettingError as error:
        refuse(f"--config {file}: {told(error)}")


def _parted(*items: str) -> str:
    return t(parted(*map(finished, items)))


def _read_samples(path: str, read_as: Sequence[str]) -> list[tuple[str, JsonValue]]:
    """What learning from the numbers in this file changes in a game."""
    try:
        with open(path, "rb") as file:
            rows, words = tables.interpret(path, file.read(tables.MAX_MEGABYTES * 2**20 + 1), read_as)
    except OSError as error:
        problem = f"--samples {path}: {t(of_system(error))}"
        refuse(t("{problem}; expected {advice}", problem=problem, advice=t(tables.ALLOWED)))
    except tables.AmbiguousTable as error:
        ways = t(", or ").join(" ".join(f"--read-as {fact}" for fact in reading.key) for reading in error.readings)
        said = t("given {given}; say which is meant: {ways}", given=error.given, ways=ways)
        refuse(f"--samples {path}: {said}")
    except TableRefused as error:
        refuse(f"--samples {path}: {t(refused(error.given, tables.ALLOWED, error.hint))}")
    if words:
        click.echo(one_line(f"--samples: {t('read as {words}', words=words)}"), err=True)
    return [("data", played_with(rows))]


# -------------------------------------------------------------------------------------------------------------- telling


def summary(report: dict[str, Any]) -> str:
    """The report for a reader: the verdict first, then the numbers that it rests on."""
    found, metrics, run = report["measurement"], report["metrics"], report["config"]["run"]

    def number(value: float | None) -> str:
        return "NaN" if value is None else f"{value:.4g}"

    def averaged(name: str) -> str:
        if not run["averaging"]:
            return number(found[name])
        return t("{value}, of G's average {average}", value=number(found[name]), average=number(found[f"{name}_average"]))

    def divergence(name: str, unit: str) -> str:
        floor = number(found["floors"][name]["worst_5pct"])
        return t("{value} {unit}; a perfect G reads up to {floor}", value=averaged(name), unit=unit, floor=floor)

    def of_pictures(name: str) -> str:
        floor = number(found["floors"][name]["mean"])
        return t("{value}; real pictures against real ones {floor}", value=averaged(name), floor=floor)

    took = t("{steps} in {seconds} s", steps=report["steps"], seconds=f"{report['seconds']:.1f}")
    if pace := report["steps_per_second"]:
        took = t("{first}, {second}", first=took, second=t("{pace} a second", pace=f"{pace:.0f}"))
    rows = {t("steps"): _parted(took, t("seed {seed}", seed=run["seed"]), t(ENGINES[report["engine"]]))}
    if changed := [
        t("at step {step} {path} = {value}", step=c["step"], path=c["path"], value=json.dumps(c["new"], ensure_ascii=False))
        for c in report["changes"]
    ]:
        rows[t("changed")] = _parted(*changed)
    if report["distance"] is not None and not report["diverged"]:
        rows[t("distance")] = t(
            "{distance} from θ at the data and ψ = 0; at the start {start}",
            distance=number(report["distance"]),
            start=number(report["distance_at_start"]),
        )
    if not report["diverged"]:
        if "jsd" in found:
            of_jsd = divergence("jsd", t("nats"))
            rows |= {
                "JSD": t("at least {value}", value=of_jsd) if report["jsd_is_bound"] else of_jsd,
                report["wasserstein"]: divergence("wasserstein", t("units of x")),
            }
        else:
            rows |= {
                "Fréchet": of_pictures("frechet"),
                t("precision"): of_pictures("precision"),
                t("recall"): of_pictures("recall"),
            }
        rows |= _about_d(report["reading"], found, metrics["value"])
    if report["modes"] and not report["diverged"]:
        rows[t(report["counted_by"])] = t(
            "{modes} of {all} captured, {share} of high quality (a perfect G: {perfect} %)",
            modes=f"{found['modes']:.0f}",
            all=report["modes"],
            share=f"{found['high_quality']:.1%}",
            perfect=f"{100 * report['perfect_quality']:.1f}",
        )
        if found["reverse_kl"] is not None:  # there is none as long as nothing can be told apart
            rows[t("KL of {what}", what=t(report["counted_by"]))] = t(
                "{value}; it sees their shares alone", value=divergence("reverse_kl", t("nats"))
            )
    if report["kept_in"]:
        where = report["kept_in"]
        if report["diverged"] and report["steps"] > 1:
            where = t("{place}, with the state of step {step}", place=where, step=report["steps"] - 1)
        rows[t("kept in")] = where
    head = lines(t("{option}: {problem}", option=report["verdict"]["title"], problem=report["verdict"]["reason"]), 100)
    wide = max(9, *map(columns, rows))
    return "\n".join([*head, *(f"  {padded(name, wide)}  {text}" for name, text in rows.items())])


def _about_d(reading: dict[str, Any], found: dict[str, Any], value: float | None) -> dict[str, str]:
    """How near D is to rest, in the words of what its output means."""

    def number(given: float | None) -> str:
        return "NaN" if given is None else f"{given:.4g}"

    centre = t("its median") if reading["centre"] is None else "1/2" if reading["centre"] == 0.5 else number(reading["centre"])
    knows_star = reading["optimal"] and "gap_star" in found  # nobody knows D* on pictures
    off = t("at most {gap} from {centre}", gap=number(found["gap_half"]), centre=centre)
    if knows_star:
        off = t("{off} and {gap} from {best}", off=off, gap=number(found["gap_star"]), best=reading["optimal_label"])
    said = {reading["label"][0]: off}
    if reading["kind"] == "probability" and reading["centre"] == 0.5:
        said["V"] = t("{value}; -log 4 = {rest} at equilibrium", value=number(value), rest=f"{-math.log(4):.4g}")
    return said
