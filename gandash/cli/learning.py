"""`python -m gandash lessons`: the lessons there are, and whether what they claim is true."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gandash.cli.helping import padded
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.config.setting import SettingError, nearest
from gandash.leaving import leaving_at_once
from gandash.lessons.catalogue import FOLDER, catalogue
from gandash.lessons.model import Lesson
from gandash.lessons.reading import ENDING, LessonError, read_lesson
from gandash.words import speaking, t

if TYPE_CHECKING:
    from gandash.lessons.checking import Checked


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON object: the lessons in the order of the path, and what is wrong.")
@click.pass_context
def lessons(ctx: click.Context, as_json: bool) -> None:
    """List the lessons in the order of the path: ours, and those in the folder that GANDASH_LESSONS names.

    Exit status 1 says that one of that folder cannot be read.
    """
    if ctx.invoked_subcommand is not None:
        return
    found = catalogue()
    if as_json:
        listed = [lesson.model_dump(mode="json", by_alias=True) for lesson in found.lessons.values()]
        print_json({"lessons": listed, "troubles": [str(trouble) for trouble in found.troubles]}, indent=2)
    else:
        wide = max((len(name) for name in found.lessons), default=0)
        for lesson in found.lessons.values():
            claims = sum(len(step.claims) for step in lesson.steps)
            counts = t("{steps} steps, {claims} claims", steps=len(lesson.steps), claims=claims)
            told_here = found.told(lesson, speaking())
            click.echo(one_line(f"{lesson.name.ljust(wide)}  {told_here.title}  ({counts})"))
            click.echo(one_line(f"{' ' * wide}  {told_here.teaches}"))
        for trouble in found.troubles:
            click.echo(one_line(t("cannot be read: {problem}", problem=told(trouble))), err=True)
    if found.troubles:
        ctx.exit(1)


@lessons.command()
@click.argument("wanted", metavar="[FILE|NAME]...", nargs=-1)
@click.option("--slow", is_flag=True, help="Those too that a file calls slow.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; NaN becomes null.")
@click.pass_context
def check(ctx: click.Context, wanted: tuple[str, ...], slow: bool, as_json: bool) -> None:
    """Play what lessons claim, with several seeds each, and say whether it is so. Without a name: all lessons.

    Exit status 1 says that a claim does not hold, or that there is none to be tried; 2 that a file cannot be read.
    """
    known = catalogue()
    chosen = [_found(name) for name in wanted] or list(known.lessons.values())
    with leaving_at_once():
        from gandash.lessons.checking import check as tried
        from gandash.lessons.checking import claims
    found: list[Checked] = []
    left_out = 0
    for lesson in chosen:
        ours = known.lessons.get(lesson.name) is lesson
        words = [claim.says for _, claim in claims(known.told(lesson, speaking()) if ours else lesson)]
        for (step, claim), says in zip(claims(lesson), words, strict=True):
            if claim.slow and not slow:
                left_out += 1
                continue
            began = time.perf_counter()
            try:
                found.append(tried(lesson, step, claim))
            except (SettingError, ValueError) as error:
                refuse(t("{lesson}, step {number}: {problem}", lesson=lesson.name, number=step + 1, problem=told(error)))
            if not as_json:
                _say(found[-1], says, time.perf_counter() - began)
    if as_json:
        print_json({"passed": bool(found) and all(one.held for one in found), "claims": [_json(one) for one in found]}, 2)
    else:
        held = sum(one.held for one in found)
        said = t("{held} of {count} claims hold.", held=held, count=len(found))
        more = t("{count} are slow, and were left out (--slow).", count=left_out)
        click.echo(f"{said} {more}" if left_out else said)
    if not found or not all(one.held for one in found):
        ctx.exit(1)


def _found(wanted: str) -> Lesson:
    path = Path(wanted)
    try:
        if path.suffix.lower() == ENDING or path.is_file():
            return read_lesson(path)
    except LessonError as error:
        refuse(told(error))
    known = catalogue()
    if wanted in known.lessons:
        return known.lessons[wanted]
    for trouble in known.troubles:
        if trouble.path.stem == wanted:
            refuse(told(trouble))
    near = nearest(wanted, known.lessons)
    names = ", ".join(known.lessons)
    advice = (
        t("did you mean {near}?", near=near)
        if near
        else t("there are {names}, and files ending in {ending}", names=names, ending=ENDING)
    )
    refuse(
        t(
            "{name}: there is no lesson of this name; {advice} ({variable} names a folder of your own)",
            name=wanted,
            advice=advice,
            variable=FOLDER,
        )
    )


def _say(found: Checked, says: str, seconds: float) -> None:
    mark = padded(t("ok") if found.held else t("MISS"), 4)
    where = t("{lesson}, step {number}: {problem}", lesson=found.lesson, number=found.step, problem=says)
    click.echo(one_line(f"{mark} {where}  ({seconds:.1f} s)"))
    for i, text in enumerate(found.claim.holds):
        sides = [one.comparisons[i] for one in found.tried]
        read = ", ".join(f"{_number(one.left)}{'' if one.held else ' (!)'}" for one in sides)
        limits = dict.fromkeys(_number(one.right) for one in sides)
        click.echo(one_line(f"       {text}: {t('{found} against {limit}', found=read, limit=', '.join(limits))}"))


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _json(found: Checked) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return value if isinstance(value, str) or value - value == 0 else None  # NaN and infinities are none

    return {
        "lesson": found.lesson,
        "step": found.step,
        "says": found.claim.says,
        "held": found.held,
        "tried": [
            {
                "with": one.said,
                "held": one.held,
                "comparisons": [
                    {"holds": c.text, "held": c.held, "left": plain(c.left), "right": plain(c.right)} for c in one.comparisons
                ],
            }
            for one in found.tried
        ],
    }
