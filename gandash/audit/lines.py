"""What stays true of a game while its settings do: the lines that theory draws, and what else of the facts is a number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.optimize import minimize_scalar

from gandash.audit.outputs import loss_of_d, loss_of_g
from gandash.audit.players import Players
from gandash.audit.row import Known, Row, Unaudited
from gandash.wire.facts import Facts
from gandash.words import say

AUDITED = frozenset(
    {"references.value", "reading.centre", "parameters.generator", "parameters.discriminator", "perfect_quality", "mode_shares"}
    | {"phase.eigenvalues", "phase.multipliers", "phase.modulus", "phase.boundary", "equilibrium"}
)
"""Numbers of the facts that are found again, by their path in `gandash.wire.facts`."""

_CHOSEN = say("it says what is drawn and where, and measures nothing")
_SET = say("a setting, told as it was given")
_OF_ESTIMATORS = say("what the page's own estimator reads on samples of p_r: another estimator has another floor")

NOT_AUDITED = {
    **dict.fromkeys(("floors.mean", "floors.worst_5pct"), _OF_ESTIMATORS),
    **dict.fromkeys(
        ("averaging", "modes", "mode_std", "mode_weights", "shape", "latent.dimension", "jsd_every", "samples"), _SET
    ),
    **dict.fromkeys(("window", "latent.window", "phase.grid", "reading.low", "reading.high", "walk", "map_side"), _CHOSEN),
    **dict.fromkeys(("pictures", "grid_columns", "real_pictures"), _CHOSEN),
    **dict.fromkeys(("references.since", "reading.since"), say("told from the log of changed settings")),
}
"""All others, and why not."""


def audit_lines(players: Players, facts: Facts) -> Iterator[Row | Unaudited]:
    """The lines of theory, from losses written anew; how many parameters there are; and what is not found again."""
    name, smoothing = players.game.objective.name, float(players.game.config.regulariser.smoothing)

    def of_d(a: float) -> float:
        return loss_of_d(name, a, smoothing)

    # A D that is the same everywhere is the best response to p_g = p_r: every loss is convex in its one output
    rest = minimize_scalar(of_d, bounds=(-20, 20), method="bounded", options={"xatol": 1e-10})
    turns = of_d(rest.x + 0.1) - rest.fun > 1e-9 and of_d(rest.x - 0.1) - rest.fun > 1e-9  # else D's offset is free
    loss_d = Known(float(rest.fun), 0.0, say("the least loss of a D that is the same everywhere"))
    loss_g = Known(loss_of_g(name, rest.x), 0.0, say("G's loss against that D"))
    for column, line in facts.references.items():
        if column == "loss_d":
            yield Row(say("line of {number}", number="loss_d"), line.value, loss_d, 1e-6, say("a search for a minimum"))
        elif column == "loss_g" and (turns or name == "relativistic"):
            yield Row(say("line of {number}", number="loss_g"), line.value, loss_g, 1e-5, say("a search for a minimum"))
        else:
            yield Unaudited(
                say("line of {number}", number=column), say("D's offset is free, and the line is drawn by symmetry")
            )
    centre = facts.reading.centre
    if turns:
        known = Known(float(players.read(np.array([rest.x]))[0]), 0.0, say("the D of the least loss"))
        yield Row("centre", math.nan if centre is None else centre, known, 1e-5, say("a search for a minimum"))
    elif centre is not None:
        yield Unaudited("centre", say("D's offset is free, and the line is drawn by symmetry"))
    for which, shown, held in (
        (say("parameters of the generator"), facts.parameters.generator, players.state.theta),
        (say("parameters of the discriminator"), facts.parameters.discriminator, players.state.phi),
    ):
        yield Row(which, shown, Known(held[0].numel(), 0.0, say("the numbers that the state holds")))
    for path, why in NOT_AUDITED.items():
        if hasattr(facts, path.split(".")[0]):
            yield Unaudited(path, why)
