"""Changes in mid-run as they are given on the command line: `--at STEP PATH=VALUE`, and `--cure`, a preset's own move."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from gandash.cli.saying import refuse, told
from gandash.config import GameConfig
from gandash.config.setting import JsonValue, nearest
from gandash.headless.timeline import Timed, Untimely
from gandash.headless.timeline import timeline as arranged
from gandash.presets.base import Move, Preset
from gandash.words import t

CURE = ""  # `--cure` without the name of a move


class Step(click.ParamType[int]):
    """The step after which a change acts."""

    name = "step"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value.isascii() and value.isdigit() and len(value) <= 10:
            return int(value)
        refuse(
            t(
                "--at {value}: expected --at STEP PATH=VALUE with a whole number of steps, as in --at 500 objective=minimax",
                value=value,
            )
        )


def at_option(help: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """`--at STEP PATH=VALUE`, as often as one likes."""
    return click.option("--at", "timed", type=(Step(), str), metavar="STEP PATH=VALUE", multiple=True, help=help)


def chosen_move(preset: Preset | None, wanted: str) -> Move:
    """The preset's move that `--cure` names: by its label, a part of it or its number; unnamed, the one that mends."""
    if preset is None:
        refuse(t("--cure: it makes a preset's move, and --config names no preset; give --at STEP PATH=VALUE instead"))
    if not preset.moves:
        refuse(t("--cure: {preset} has no move to make; give --at STEP PATH=VALUE instead", preset=preset.name))
    if wanted == CURE:
        return preset.cure or preset.moves[0]
    labels = [t(move.label) for move in preset.moves]
    if wanted.isdigit() and 1 <= int(wanted) <= len(labels):
        return preset.moves[int(wanted) - 1]
    found = [
        i
        for i, move in enumerate(preset.moves)
        if any(wanted.casefold() in label.casefold() for label in (move.label, labels[i]))
    ]
    if len(found) == 1:
        return preset.moves[found[0]]
    offered = ", ".join(f"{i} ({label})" for i, label in enumerate(labels, 1))
    refuse(
        t(
            "--cure {given}: {preset} has the moves {moves}; name one of them, or give its number",
            given=wanted,
            preset=preset.name,
            moves=offered,
        )
    )


def timeline(
    config: GameConfig,
    steps: int,
    given: Sequence[tuple[int, str, Sequence[tuple[str, JsonValue]]]],
) -> tuple[Timed, ...]:
    """Live changes by step, each `(step, how it was given, settings)`; one that cannot be made then is refused."""
    try:
        return arranged(config, steps, given)
    except Untimely as error:
        refuse(told(error))


def preset_name(known: Sequence[str]) -> click.ParamType[str]:
    """A preset's name; of one that there is not, the nearest is said."""

    class Name(click.ParamType[str]):
        name = "name"

        def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
            if value in known:
                return value
            near = nearest(value, known)
            advice = t("did you mean {near}?", near=near) if near else t("there are: {names}", names=", ".join(known))
            refuse(t("--preset: there is no ready game {name}; {advice}", name=repr(value), advice=advice))

    return Name()
