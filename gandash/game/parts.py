"""What both players see in one look at the field, and what is drawn for it beside data and latents."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from gandash.game.game import Game
from gandash.game.networks import Masks


@dataclass(frozen=True)
class DiscriminatorPart:
    """grad_phi L_D and what was seen on the way. `loss` is the objective's alone; the gradient includes the penalty."""

    gradient: Tensor  # (members, n_phi)
    loss: Tensor  # (members,)
    logits: Tensor  # (members, 2, batch): on real data, on generated

    @property
    def real_logits(self) -> Tensor:
        """On real data, `(members, batch)`."""
        return self.logits[:, 0]

    @property
    def fake_logits(self) -> Tensor:
        """On generated data, `(members, batch)`."""
        return self.logits[:, 1]


@dataclass(frozen=True)
class GeneratorPart:
    """grad_theta L_G, and the gradient of the other generator loss from the same state and batch."""

    gradients: Tensor  # (members, 2, n_theta): played, other
    loss: Tensor  # (members,)
    fake_logits: Tensor  # (members, batch)

    @property
    def gradient(self) -> Tensor:
        """Of the loss that is played, `(members, n_theta)`."""
        return self.gradients[:, 0]

    @property
    def other_gradient(self) -> Tensor:
        """Of the loss that is not played; NaN where the objective has no other, `(members, n_theta)`."""
        return self.gradients[:, 1]


@dataclass(frozen=True)
class StepNoise:
    """What one training pass draws beside its data and latents; None where the game asks for none of it."""

    mix: Tensor | None = None  # (members, packs, 1) uniform: where between real and generated the gradient penalty looks
    noise: Tensor | None = None  # (members, 2, batch, dim): onto real, onto generated
    masks: tuple[Masks | None, Masks | None] = (None, None)  # dropout in D, on real and on generated
    generator_masks: Masks | None = None


NO_STEP_NOISE = StepNoise()


def without_other(game: Game, gradients: Tensor) -> Tensor:
    """NaN for the other loss where there is none."""
    if game.other_objective is None:
        gradients[:, 1] = math.nan
    return gradients
