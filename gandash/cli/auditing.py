"""`python -m gandash audit`: whether the numbers on the screen are true."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from gandash.cli.configuring import assignment
from gandash.cli.helping import columns, padded
from gandash.cli.live import at_option, preset_name, timeline
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.config.setting import SettingError
from gandash.headless.engine import say_that_rounds_are_compiled
from gandash.headless.settings import configure
from gandash.leaving import leaving_at_once
from gandash.presets import PRESETS
from gandash.words import Said, marked, t

if TYPE_CHECKING:
    from gandash.audit.auditing import Audit


@click.command()
@click.argument("presets", type=preset_name(list(PRESETS)), nargs=-1, metavar="[PRESET]...")
@click.option(
    "--steps",
    type=click.IntRange(0, 1_000_000),
    metavar="N",
    help="Rounds to play before.  [default: 600; 200 of a scalar game; fewer where the promise is kept sooner]",
)
@click.option("--set", "assignments", metavar="PATH=VALUE", multiple=True, help="Change a setting, as with `train`.")
@at_option("The same in mid-run.")
@click.option("--examine", is_flag=True, help="What Examine finds too, of games on points: a minute more for each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; NaN becomes null.")
@click.pass_context
def audit(
    ctx: click.Context,
    presets: tuple[str, ...],
    steps: int | None,
    assignments: tuple[str, ...],
    timed: tuple[tuple[int, str], ...],
    examine: bool,
    as_json: bool,
) -> None:
    """Play presets, and find every number that their page would show again by other means, from many samples.

    Exit status 1 says that one is further off than its tolerance; `what it rests on` says why it may be off at all.
    """
    changes = [assignment("--set", a) for a in assignments]
    live = [(step, f"--at {step} {text}", [assignment(f"--at {step}", text)]) for step, text in timed]
    games = []
    for name in presets or PRESETS:
        preset = PRESETS[name]
        try:
            config = configure(preset.config, changes)
        except SettingError as error:
            refuse(told(error))
        games.append((name, preset, config))
    with leaving_at_once():
        from gandash.audit.auditing import STEPS
        from gandash.audit.auditing import audit as audited
        from gandash.game.compiled import disk_cache, making
    # What is audited is what visitors will see
    if disk_cache.is_wanted() and disk_cache.can_keep() and not disk_cache.is_ready():
        say_that_rounds_are_compiled()
        with suppress(ImportError, OSError):  # then torch plays for them too
            making.make_ready()

    found: list[Audit] = []
    failed: dict[str, str] = {}
    for i, (name, preset, config) in enumerate(games, start=1):
        wanted = min(STEPS[preset.group], preset.steps) if steps is None else steps
        if sys.stderr.isatty():
            click.echo(f"[{i}/{len(games)}] {name}, {t('{steps} steps', steps=wanted)}", err=True)
        try:
            found.append(audited(name, config, wanted, timeline(config, wanted, live), examined=examine))
        except ValueError as error:
            failed[name] = str(error)
            click.echo(one_line(t("{name}: not audited, {problem}", name=name, problem=told(error))), err=True)
            continue
        if not as_json:
            click.echo(table(found[-1]))
    if as_json:
        print_json(
            {"passed": not failed and all(a.passed for a in found), "failed": failed, "audits": [_json(a) for a in found]}, 2
        )
    elif len(games) > 1:
        numbers, missed = sum(len(a.rows) for a in found), sum(not r.passed for a in found for r in a.rows)
        said = marked("{done} of {all} games, {numbers} numbers: {missed} further off than they may be")
        click.echo(t(said, done=len(found), all=len(games), numbers=numbers, missed=missed))
    if failed or not all(a.passed for a in found):
        ctx.exit(1)


HEADINGS = marked("number"), marked("shown"), marked("found"), marked("may be off"), marked("what it rests on")


def table(found: Audit) -> str:
    """One game's numbers, a line each."""
    outcome = t("passed") if found.passed else t("MISSED")
    said = [t("{game}, step {step}: {outcome}", game=found.name, step=found.step, outcome=outcome)]
    said.append(_line("", *map(t, HEADINGS)))
    for row in found.rows:
        why = t("{how}; granted: {why}", how=t(row.known.how), why=t(row.why)) if row.granted else t(row.known.how)
        numbers = map(_number, (row.shown, row.known.value, row.tolerance))
        said.append(_line(t("ok") if row.passed else t("MISS"), _name(row.name), *numbers, why))
    alike: dict[str, list[str]] = {}
    for one in found.unaudited:
        alike.setdefault(t(one.why), []).append(_name(one.name))
    for why, names in alike.items():
        said.append(f"  {padded('-', 4)} {t('not audited: {names}: {why}', names=', '.join(names), why=why)}")
    for name in found.unexplained:
        unknown = t("{number} is shown, and nothing here knows of it", number=padded(name, 24))
        said.append(f"  {padded(t('MISS'), 4)} {unknown}")
    return "\n".join(said)


def _line(mark: str, name: str, *more: str) -> str:
    *numbers, why = more
    aligned = " ".join(padded("", 12 - columns(one)) + one for one in numbers)
    return f"  {padded(mark, 4)} {padded(name, 24)} {aligned}  {why}"


def _name(name: str) -> str:
    """A number is called as in saved files; what is said of it beside is a message."""
    return t(name) if isinstance(name, Said) else name


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.5g}"


def _json(found: Audit) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "preset": found.name,
        "step": found.step,
        "passed": found.passed,
        "numbers": [
            {
                "name": row.name,
                "shown": number(row.shown),
                "independent": number(row.known.value),
                "tolerance": number(row.tolerance),
                "passed": row.passed,
                "how": row.known.how,
                "why": row.why,
            }
            for row in found.rows
        ],
        "not_audited": {one.name: one.why for one in found.unaudited},
        "unexplained": list(found.unexplained),
    }
