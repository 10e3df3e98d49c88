"""`python -m gandash runs` and `replay`: what is recorded, and whether it, or the run of a link, can be played again."""

from __future__ import annotations

from dataclasses import asdict

import click

from gandash.cli.helping import columns, padded
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.leaving import leaving_at_once
from gandash.links import filled, of_address, read
from gandash.store import index
from gandash.store.format import LARGEST_STEP, BrokenRun
from gandash.store.places import runs_home
from gandash.store.reading import StoredRun
from gandash.words import t, titles


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON array, the newest first; sizes in bytes, times in UTC.")
def runs(as_json: bool) -> None:
    """List the recorded runs, the newest first.

    They lie below ~/.local/share/gandash (XDG_DATA_HOME, GANDASH_HOME); FORMATS.md in gandash/store says what is in them.
    """
    try:
        found = index.runs()
    except (BrokenRun, OSError) as error:
        raise click.ClickException(one_line(told(error))) from None
    if as_json:
        print_json([asdict(entry) for entry in found], indent=2)
        return
    if not found:
        click.echo(one_line(t("There are no runs in {place}.", place=_place())))
        return
    head = (t("id"), t("title"), t("preset"), t("steps"), t("verdict"), t("when (UTC)"), t("size"), t("parent"))
    rows: list[tuple[str, ...]] = [head]
    for e in found:
        parent = "" if e.parent is None else t("{run} at step {step}", run=e.parent, step=f"{e.parent_step:,}")
        name, verdict, when = titles.in_words(e.title, e.named), t(e.verdict), e.created[:16].replace("T", " ")
        about = (name, e.preset, f"{e.steps:,}", verdict, when, _size(e.size), parent)
        rows.append((e.id, *(about if not e.problem else (t("cannot be read: {problem}", problem=e.problem), *[""] * 6))))
    whole = [row for row, e in zip(rows[1:], found, strict=True) if not e.problem]
    wide = [max(columns(row[i]) for row in [rows[0], *whole]) for i in range(len(rows[0]))]
    for row in rows:
        click.echo(one_line("  ".join(padded(cell, width) for cell, width in zip(row, wide, strict=True)).rstrip()))


def _place() -> str:
    try:
        return str(runs_home())
    except OSError as error:
        return str(error)


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


@click.command()
@click.argument("run", metavar="DIR|ID|LINK")
@click.option("--to", "step", type=click.IntRange(0, LARGEST_STEP), metavar="STEP", help="Stop there.  [default: its end]")
@click.option("--json", "as_json", is_flag=True, help="The result as one JSON object on stdout.")
@click.pass_context
def replay(ctx: click.Context, run: str, step: int | None, as_json: bool) -> None:
    """Play a recorded run again, or that of a link (the page's address), and say whether it comes to the same states.

    Settings that were changed are changed at the same steps. The record has a hash of the whole state at each of its keyframes,
    a link one of where it was made; exit status 1 says that one of them is another: on another machine, or with other
    libraries, numbers may round differently.
    """
    if (link := of_address(run)) is not None:
        if not _play_link(link, step, as_json):
            ctx.exit(1)
        return
    try:
        stored = StoredRun(index.find(run))
        _ = stored.configs
        last = stored.steps
    except BrokenRun as error:
        refuse(told(error))
    if step is not None and step > last:
        refuse(t("{option}: this run has {steps} steps; give at most as many", option=f"--to {step}", steps=f"{last:,}"))
    with leaving_at_once():
        from gandash.headless.engine import make_ready
        from gandash.runs.replaying import at_the_beginning
        from gandash.runs.replaying import replay as play_again
        from gandash.worker.trajectory import be_reproducible
    be_reproducible()
    try:
        for trajectory in (games := at_the_beginning(stored)).trajectories:
            if trajectory.is_compiled:
                make_ready(trajectory, "compiled")
        played = play_again(stored, games, step)
    except (BrokenRun, ValueError) as error:
        raise click.ClickException(one_line(told(error))) from None
    if as_json:
        print_json(played.report())
    else:
        name = titles.in_words(stored.manifest.title, stored.manifest.named) or stored.manifest.id
        click.echo(one_line(_played(name, played.step, played.seconds)))
        known = len(played.compared)
        if played.agrees is None:
            click.echo(t("The record knows no state up to there: there is nothing to compare with."))
        elif played.agrees:
            last_known = f"{played.compared[-1]:,}"
            click.echo(
                t(
                    "All {count} states that the record knows are the same; the last is of step {step}.",
                    count=known,
                    step=last_known,
                )
            )
        else:
            others = len(played.differing)
            first = min(played.differing)
            click.echo(
                t(
                    "{others} of {count} states that the record knows are others, the first that of step {step}.",
                    others=others,
                    count=known,
                    step=f"{first:,}",
                )
            )
            for name, (was, here) in played.other_versions.items():
                click.echo(
                    one_line("  " + t("{name}: recorded with {was}, played again with {here}", name=name, was=was, here=here))
                )
    if played.differing:
        ctx.exit(1)


def _play_link(text: str, step: int | None, as_json: bool) -> bool:
    """Whether nothing speaks against that it is the same run."""
    link = filled(read(text), runs_home())
    if link.notice:
        click.echo(one_line(t(link.notice)), err=True)
    if link.missing:
        names = ", ".join(m.path for m in link.missing)
        why = t("{names}: too large for a link, which has only a mark of it", names=names)
        where = t("ask for the folder of the run {run}, and replay that", run=link.record)
        refuse(f"{why}; {where}" if link.record else why)
    with leaving_at_once():
        from gandash.headless.engine import NotPlayedSo, make_ready
        from gandash.runs.linked import at_the_beginning, play
        from gandash.worker.trajectory import be_reproducible
    be_reproducible()
    try:
        for trajectory in (games := at_the_beginning(link)).trajectories:
            if trajectory.is_compiled:
                make_ready(trajectory, "compiled")
        played = play(link, games, link.step if step is None else step)
    except (BrokenRun, NotPlayedSo) as error:
        raise click.ClickException(one_line(told(error))) from None
    if as_json:
        print_json(played.report())
        return played.agrees is not False
    names = ", ".join(t(preset.title) for preset in link.presets)
    click.echo(one_line(_played(names, played.step, played.seconds)))
    if played.agrees is None:
        at = f"{played.step:,}"
        click.echo(t("The link does not say what the state was at step {step}: there is nothing to compare with.", step=at))
    elif played.agrees:
        click.echo(t("The state is the one that the link was made at, bit for bit."))
    else:
        why = t(played.other) if played.other else t("on another machine numbers may round otherwise")
        click.echo(one_line(t("The state is another than where the link was made: {why}.", why=why)))
    return played.agrees is not False


def _played(name: str, steps: int, seconds: float) -> str:
    return t("{name}: {steps} steps in {seconds} s.", name=name, steps=f"{steps:,}", seconds=f"{seconds:.1f}")
