"""`python -m gandash export`: a recorded run, or a part of it, as a file."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from gandash.cli.saying import one_line, refuse
from gandash.exporting.pictures import Theme
from gandash.exporting.registry import EXPORTS, PANELS, NoSuchExport, Wanted
from gandash.exporting.registry import export as exported
from gandash.store import index
from gandash.store.files import write_whole
from gandash.store.format import LARGEST_STEP, BrokenRun
from gandash.store.reading import StoredRun

PATIENCE_SECONDS = 1.0  # a progress bar comes after that


@click.command(
    epilog="\b\nWhat there is:\n"
    + "\n".join(f"  {what:18} {words}" for what, words in (*((e.what, e.words) for e in EXPORTS.values()), PANELS)),
)
@click.argument("run", metavar="DIR|ID")
@click.option("--what", required=True, metavar="WHAT", help="One of those below.")
@click.option("--out", required=True, metavar="FILE", help="Written whole, over one that is there; - for stdout.")
@click.option("--step", type=click.IntRange(0, LARGEST_STEP), metavar="STEP", help="Of what has one.  [default: the newest]")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Of what is drawn.")
@click.option(
    "--size",
    type=(click.IntRange(100, 4000), click.IntRange(100, 4000)),
    metavar="WIDTH HEIGHT",
    help="Of what is drawn, in px.",
)
def export(run: str, what: str, out: str, step: int | None, theme: Theme, size: tuple[int, int] | None) -> None:
    """Write the curves, the settings or a state of a recorded run, a page or a script that plays it again, or a picture of it,
    into a file.

    Ctrl-C leaves no file behind, and one that was there as it was.
    """
    try:
        stored = StoredRun(index.find(run))
        if step is not None and step > stored.steps:
            refuse(f"--step {step}: this run has {stored.steps:,} steps; give at most as many")
        body = _made(stored, what, Wanted(step, theme, size))
    except NoSuchExport as error:
        refuse(f"--what: {error}")
    except BrokenRun as error:
        refuse(str(error))
    if out == "-":
        click.echo(body, nl=False)
        return
    try:
        write_whole(Path(out), body)
    except OSError as error:
        raise click.ClickException(one_line(f"--out {out}: {error.strerror or error}")) from None
    click.echo(one_line(f"{out}: {len(body):,} bytes"), err=True)


def _made(run: StoredRun, what: str, wanted: Wanted) -> bytes:
    began = time.monotonic()
    with click.progressbar(length=1000, label=what, file=sys.stderr, hidden=True) as bar:

        def told(done: float) -> None:
            bar.hidden = not sys.stderr.isatty() or time.monotonic() - began < PATIENCE_SECONDS
            bar.update(int(1000 * done) - bar.pos)

        return exported(run, what, wanted, told)
