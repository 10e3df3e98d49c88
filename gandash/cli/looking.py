"""`python -m gandash presets` and `schema`: what there is."""

from __future__ import annotations

import textwrap
from dataclasses import asdict

import click

from gandash.cli.saying import print_json
from gandash.config import GameConfig
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import GROUPS, STORIES, Preset
from gandash.presets.markdown import page


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list, each preset with its whole config.")
@click.option("--markdown", is_flag=True, help="A page with a table of what each promises and what was measured.")
def presets(as_json: bool, markdown: bool) -> None:
    """List the ready games by what they play on: what each teaches, promises and lets you do."""
    if as_json:
        listed = [asdict(p) | {"group": p.group, "config": p.config.model_dump(mode="json")} for p in PRESETS.values()]
        print_json(listed, indent=2)
        return
    if markdown:
        click.echo(page(PRESETS), nl=False)
        return
    for group, heading in GROUPS.items():
        click.echo(click.style(f"{heading}\n", bold=True))
        for preset in (p for p in PRESETS.values() if p.group == group):
            _tell(preset)


def _tell(preset: Preset) -> None:
    notes = [STORIES[preset.story], *(["what `train` plays unless told otherwise"] if preset is DEFAULT else [])]
    click.echo(f"{click.style(preset.name, bold=True)}  {preset.title}  ({'; '.join(notes)})")
    moves = "; ".join(f"{move.label} (at step {move.at}, seen at step {move.until})" for move in preset.moves)
    texts = [preset.teaches, preset.promise, preset.watch, *([f"--cure: {moves}."] if moves else [])]
    for text in texts:
        click.echo(textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))
    click.echo()


@click.command()
def schema() -> None:
    """Print the JSON schema of the settings.

    Every setting comes with its label (title), its help (description), its default and bounds, and under "gandash"
    with what the page knows of it: live (can change in mid-run), scale, symbol, and the screen's words for choices.
    """
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | GameConfig.model_json_schema(), indent=2)
