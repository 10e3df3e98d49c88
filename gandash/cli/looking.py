"""`python -m gandash presets` and `schema`: what there is."""

from __future__ import annotations

import textwrap
from dataclasses import asdict

import click

from gandash.cli.saying import print_json
from gandash.config import GameConfig
from gandash.presets import DEFAULT, PRESETS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list, each preset with its whole config.")
def presets(as_json: bool) -> None:
    """List the ready games and what each promises to show."""
    if as_json:
        listed = [asdict(p) | {"config": p.config.model_dump(mode="json")} for p in PRESETS.values()]
        print_json(listed, indent=2)
        return
    for preset in PRESETS.values():
        note = "  (what `train` plays unless told otherwise)" if preset is DEFAULT else ""
        click.echo(f"{click.style(preset.name, bold=True)}  {preset.title}{note}")
        for text in (preset.promise, preset.watch):
            click.echo(textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))


@click.command()
def schema() -> None:
    """Print the JSON schema of the settings.

    Every setting comes with its label (title), its help (description), its default and bounds, and under "gandash"
    with what the page knows of it: live (can change in mid-run), scale, symbol, and the screen's words for choices.
    """
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | GameConfig.model_json_schema(), indent=2)
