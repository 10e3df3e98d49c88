"""`python -m gandash ...`: train without a page, sweep, list, replay and export what is recorded, list the presets and the
lessons and check what these claim, print the schema of the settings, measure the speed, and audit the numbers.

Whoever calls wrongly gets one line on stderr and exit status 2; what goes wrong later, one line and 1. torch is
imported by `train`, `replay`, `lessons check`, `bench` and `audit` alone, once they know that they can begin.
"""

from __future__ import annotations

import io
import os
import sys

import click

from gandash import __version__
from gandash.cli import clicks
from gandash.cli.auditing import audit
from gandash.cli.exporting import export
from gandash.cli.helping import translate, wished
from gandash.cli.learning import lessons
from gandash.cli.looking import presets, schema
from gandash.cli.measuring import bench
from gandash.cli.recorded import replay, runs
from gandash.cli.saying import OneLine
from gandash.cli.sweep import sweep
from gandash.cli.train import train
from gandash.headless.settings import configure
from gandash.words.languages import ENGLISH
from gandash.words.saying import speak

__all__ = ["cli", "configure", "main"]


def main() -> None:
    """The entry point. A terminal that lacks a sign (β, −) gets a question mark rather than a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    if (language := wished(os.environ)) != ENGLISH:
        speak(language)
        clicks.translated()
        translate(cli)
    cli()


@click.group(cls=OneLine, epilog="The page itself: streamlit run app.py")
@click.version_option(__version__, prog_name="gandash", message="%(prog)s %(version)s")
def cli() -> None:
    """See a GAN train, live, with theory drawn over practice.

    These commands do without the page: they train, record and describe games in the terminal.
    """


for command in (train, sweep, runs, replay, export, presets, lessons, schema, bench, audit):
    cli.add_command(command)
