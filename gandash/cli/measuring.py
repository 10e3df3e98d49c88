"""`python -m gandash bench`: how fast it is."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import click

from gandash.bench import NAMES
from gandash.cli.live import preset_name
from gandash.cli.saying import one_line, print_json, refuse, told
from gandash.leaving import leaving_at_once
from gandash.presets import DEFAULT, PRESETS
from gandash.words import say, t


class _Seconds(click.ParamType[float]):
    """A length of time."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        with suppress(ValueError):
            if 0 < (seconds := float(value)) <= 3600:
                return seconds
        name = param.opts[0] if param else self.name
        refuse(
            t("{option}: given {value}; expected a number of seconds, more than 0 and at most 3600", option=name, value=value)
        )


@click.command()
@click.option(
    "--preset",
    type=preset_name(list(PRESETS)),
    metavar="NAME",
    default=DEFAULT.name,
    show_default=True,
    help="The game to watch and to adjust.",
)
@click.option("--seconds", type=_Seconds(), default=6.0, metavar="S", show_default=True, help="Time for each measurement.")
@click.option(
    "--only", type=click.Choice(NAMES), multiple=True, metavar="NAME", help=f"Some of {', '.join(NAMES)}; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with what the figures were computed from.")
def bench(preset: str, seconds: float, only: tuple[str, ...], as_json: bool) -> None:
    """Measure how fast it is, beside a plain PyTorch loop, JAX where it is installed, and the machine's own limit.

    All figures compare within this one run, in slices that take turns; what else the machine does meanwhile blurs them.
    """
    with leaving_at_once():
        from gandash.bench.figures import figures
        from gandash.bench.live import NothingToMeasure

    found = {}
    try:
        for figure in figures(PRESETS[preset], seconds, only):
            found[figure.name] = asdict(figure)
            if not as_json:
                text = figure.text
                if figure.wanted:
                    text = say("{text}; wanted: {wanted}", text=text, wanted=figure.wanted)
                click.echo(f"{figure.name:20} {figure.value:7.2f}  {t(text)}")
    except NothingToMeasure as error:
        raise click.ClickException(one_line(f"--preset {preset}: {told(error)}")) from None
    if as_json:
        busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        print_json({"preset": preset, "seconds": seconds, "load_average": busy, "figures": found}, indent=2)
