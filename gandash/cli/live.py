"""Changes in mid-run as they are given on the command line: `--at STEP PATH=VALUE`, and `--cure`, a preset's own move."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from gandash.cli.configuring import configure
from gandash.cli.saying import refuse
from gandash.config import GameConfig
from gandash.config.changes import differences, live_differences, restarts
from gandash.config.setting import JsonValue, SettingError, nearest
from gandash.headless import Timed
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
    """Live changes by step, each `(step, how it was given, settings)`; those of one step act in the order given."""
    found: list[Timed] = []
    for step, said, changes in sorted(given, key=lambda one: one[0]):
        if step >= steps:
            refuse(f"{said}: the run ends at step {steps}; give a step before that, or more --steps")
        try:
            after = configure(config, changes)
            if restarts(config, after):
                path, label = _restarting(config, after)
                refuse(
                    f"{said}: {label} ({path}) restarts the game and cannot change in mid-run; give it with --set, "
                    "for the whole run"
                )
            found += [Timed(step, path, value) for path, value in live_differences(config, after)]
        except SettingError as error:
            refuse(f"{said}: {error}")
        config = after
    return tuple(found)


def _restarting(before: GameConfig, after: GameConfig) -> tuple[str, str]:
    """The first setting that differs and does not act live."""
    both = ((old, new) for old, new in differences(before, after).values() if old is not None and new is not None)
    return next((old.path, old.label) for old, _ in both if not old.live)


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
