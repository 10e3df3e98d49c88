"""Changes in mid-run as they are given on the command line: `--at STEP PATH=VALUE`, and `--cure`, a preset's own move."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from gandash.cli.saying import refuse
from gandash.config import GameConfig
from gandash.config.setting import JsonValue, nearest
from gandash.headless.timeline import Timed, Untimely
from gandash.headless.timeline import timeline as arranged
from gandash.presets.base import Move, Preset

CURE = ""  # `--cure` without the name of a move


class Step(click.ParamType[int]):
    """The step after which a change acts."""

    name = "step"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value.isascii() and value.isdigit() and len(value) <= 10:
            return int(value)
        refuse(f"--at {value}: expected --at STEP PATH=VALUE with a whole number of steps, as in --at 500 objective=minimax")


def at_option(help: str) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """`--at STEP PATH=VALUE`, as often as one likes."""
    return click.option("--at", "timed", type=(Step(), str), metavar="STEP PATH=VALUE", multiple=True, help=help)


def chosen_move(preset: Preset | None, wanted: str) -> Move:
    """The preset's move that `--cure` names: by its label, a part of it or its number; unnamed, the one that mends."""
    if preset is None:
        refuse("--cure: it makes a preset's move, and --config names no preset; give --at STEP PATH=VALUE instead")
    if not preset.moves:
        refuse(f"--cure: {preset.name} has no move to make; give --at STEP PATH=VALUE instead")
    if wanted == CURE:
        return preset.cure or preset.moves[0]
    labels = [move.label for move in preset.moves]
    if wanted.isdigit() and 1 <= int(wanted) <= len(labels):
        return preset.moves[int(wanted) - 1]
    found = [i for i, label in enumerate(labels) if wanted.casefold() in label.casefold()]
    if len(found) == 1:
        return preset.moves[found[0]]
    offered = ", ".join(f"{i} ({label})" for i, label in enumerate(labels, 1))
    refuse(f"--cure {wanted}: {preset.name} has the moves {offered}; name one of them, or give its number")


def timeline(
    config: GameConfig,
    steps: int,
    given: Sequence[tuple[int, str, Sequence[tuple[str, JsonValue]]]],
) -> tuple[Timed, ...]:
    """Live changes by step, each `(step, how it was given, settings)`; one that cannot be made then is refused."""
    try:
        return arranged(config, steps, given)
    except Untimely as error:
        refuse(str(error))


def preset_name(known: Sequence[str]) -> click.ParamType[str]:
    """A preset's name; of one that there is not, the nearest is said."""

    class Name(click.ParamType[str]):
        name = "name"

        def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
            if value in known:
                return value
            near = nearest(value, known)
            advice = f"did you mean {near}?" if near else f"there are: {', '.join(known)}"
            refuse(f"--preset: there is no ready game {value!r}; {advice}")

    return Name()
