"""What duality gap and best response share: one player descends while the other stands still."""

from __future__ import annotations

import torch

from gandash.game.game import Game
from gandash.words import Said, say

WORK = 4e10  # weights times samples times steps that a descent may cost


def value_notes(game: Game) -> list[Said]:
    """What V leaves out of the game as it is played."""
    notes = list[Said]()
    if not is_logit(game):
        notes.append(
            say(
                "Here D's output is read as a logit, which it is not under this objective: "
                "V of the present D tells little of it."
            )
        )
    if game.penalties.spectral:
        notes.append(say("D starts from its normalised weights and moves without normalisation."))
    return notes


def is_logit(game: Game) -> bool:
    """Whether D's output is a logit under the objective that is played."""
    logit, outputs = game.objective.reading.logit, torch.tensor([-2.0, 0.5, 3.0])
    return logit is not None and torch.equal(logit(outputs), outputs)


def affordable_steps(game: Game, batch: int, steps: int, notes: list[Said]) -> int:
    """At most `steps` inner steps on `batch` samples, fewer for large networks, which is then among the `notes`."""
    cost = batch * (game.generator.network.size + game.discriminator.network.size)
    fewer = max(10, min(steps, int(WORK / cost)))
    if fewer < steps:
        notes.append(say("Large networks: {fewer} inner steps instead of {steps}.", fewer=fewer, steps=steps))
    return fewer
