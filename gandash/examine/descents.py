"""What duality gap and best response share: one player descends while the other stands still."""

from __future__ import annotations

import torch

from gandash.game.game import Game

WORK = 4e10  # weights times samples times steps that a descent may cost


def value_notes(game: Game) -> list[str]:
    """What V leaves out of the game as it is played."""
    notes = []
    logit, outputs = game.objective.reading.logit, torch.tensor([-2.0, 0.5, 3.0])
    if logit is None or not torch.equal(logit(outputs), outputs):
        notes.append(
            "Here D's output is read as a logit, which it is not under this objective: V of the present D tells little of it."
        )
    if game.penalties.spectral:
        notes.append("D starts from its normalised weights and moves without normalisation.")
    return notes


def affordable_steps(game: Game, batch: int, steps: int, notes: list[str]) -> int:
    cost = batch * (game.generator.network.size + game.discriminator.network.size)
    fewer = max(10, min(steps, int(WORK / cost)))
    if fewer < steps:
        notes.append(f"Large networks: {fewer} inner steps instead of {steps}.")
    return fewer
