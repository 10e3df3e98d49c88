"""`python -m gandash export`: a recorded run, or a part of it, as a file."""

from __future__ import annotations

from pathlib import Path

import click

from gandash.cli.saying import one_line, refuse, told
from gandash.exporting.movies import FASTEST, PER_SECOND
from gandash.exporting.pictures import LEAST_PX, MOST_PX, Theme
from gandash.exporting.registry import DRAWN, EXPORTS, NoSuchExport, Wanted
from gandash.headless.bars import exported
from gandash.store import index
from gandash.store.files import write_whole
from gandash.store.format import LARGEST_STEP, BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import of_system, t


@click.command(
    epilog="\b\nWhat there is:\n"
    + "\n".join(f"  {e.what:18} {e.words}" for e in EXPORTS.values())
    + "".join(f"\n  {what}\n  {'':18} {words}" for what, words in DRAWN.items()),
)
@click.argument("run", metavar="DIR|ID")
@click.option("--what", required=True, metavar="WHAT", help="One of those below.")
@click.option("--out", required=True, metavar="FILE", help="Written whole, over one that is there; - for stdout.")
@click.option("--step", type=click.IntRange(0, LARGEST_STEP), metavar="STEP", help="Of what has one.  [default: the newest]")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Of what is drawn.")
@click.option(
    "--size",
    type=(click.IntRange(LEAST_PX, MOST_PX), click.IntRange(LEAST_PX, MOST_PX)),
    metavar="WIDTH HEIGHT",
    help="Of what is drawn, in px.",
)
@click.option(
    "--between",
    type=(click.IntRange(0, LARGEST_STEP), click.IntRange(0, LARGEST_STEP)),
    metavar="FIRST LAST",
    help="The steps that a film is of.  [default: all]",
)
@click.option(
    "--per-second",
    type=click.IntRange(1, FASTEST),
    default=PER_SECOND,
    show_default=True,
    metavar="FRAMES",
    help="How fast a film is.",
)
def export(
    run: str,
    what: str,
    out: str,
    step: int | None,
    theme: Theme,
    size: tuple[int, int] | None,
    between: tuple[int, int] | None,
    per_second: int,
) -> None:
    """Write the curves, the settings or a state of a recorded run, a page or a script that plays it again, a picture or a film
    of it, into a file.

    Ctrl-C leaves no file behind, and one that was there as it was.
    """
    try:
        stored = StoredRun(index.find(run))
        if step is not None and step > stored.steps:
            refuse(
                t(
                    "{option}: this run has {steps} steps; give at most as many",
                    option=f"--step {step}",
                    steps=f"{stored.steps:,}",
                )
            )
        body = exported(stored, what, Wanted(step, theme, size, between, per_second))
    except NoSuchExport as error:
        refuse(f"--what: {told(error)}")
    except BrokenRun as error:
        refuse(told(error))
    if out == "-":
        click.echo(body, nl=False)
        return
    try:
        write_whole(Path(out), body)
    except OSError as error:
        raise click.ClickException(one_line(f"--out {out}: {t(of_system(error))}")) from None
    click.echo(one_line(t("{file}: {count} bytes", file=out, count=f"{len(body):,}")), err=True)
