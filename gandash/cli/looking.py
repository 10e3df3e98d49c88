"""`python -m gandash presets` and `schema`: what there is."""

from __future__ import annotations

from dataclasses import asdict

import click

from gandash.cli.helping import lines
from gandash.cli.saying import print_json
from gandash.config import GameConfig
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import GROUPS, STORIES, Preset
from gandash.presets.markdown import page
from gandash.words import parted, say, t


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
        click.echo(click.style(f"{t(heading)}\n", bold=True))
        for preset in (p for p in PRESETS.values() if p.group == group):
            _tell(preset)


def _tell(preset: Preset) -> None:
    notes = [say(STORIES[preset.story]), *([say("what `train` plays unless told otherwise")] if preset is DEFAULT else [])]
    click.echo(f"{click.style(preset.name, bold=True)}  {t(preset.title)}  ({t(parted(*notes))})")
    moves = [
        say("{move} (at step {at}, seen at step {until})", move=say(move.label), at=move.at, until=move.until)
        for move in preset.moves
    ]
    texts = [t(preset.teaches), t(preset.promise), t(preset.watch)]
    texts += [t("--cure: {moves}.", moves=parted(*moves))] if moves else []
    for text in texts:
        click.echo("\n".join(f"    {line}" for line in lines(text, 92)))
    click.echo()


@click.command()
def schema() -> None:
    """Print the JSON schema of the settings.

    Every setting comes with its label (title), its help (description), its default and bounds, and under "gandash"
    with what the page knows of it: live (can change in mid-run), scale, symbol, and the screen's words for choices.
    """
    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema"} | GameConfig.model_json_schema(), indent=2)
