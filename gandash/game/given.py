"""Players, latents and an objective that a game was given, instead of having had them built from its settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.config.game import LOOP
from gandash.game.distributions import Latent
from gandash.game.networks import Network
from gandash.game.objectives import DiscriminatorReading, Objective


@dataclass(frozen=True)
class Given:
    """None: it is built from the settings. `loop`: in words, whose training it is, where no round of it is played here."""

    generator: Network | None = None
    discriminator: Network | None = None
    objective: Objective | None = None
    latent: Latent | None = None
    loop: str = ""

    @property
    def words(self) -> dict[str, str]:
        """What was given, for a record: it can be told from it, and not be built again."""
        parts = {"generator": self.generator, "discriminator": self.discriminator}
        found = {name: str(network) for name, network in parts.items() if network is not None}
        found |= {"objective": self.objective.name} if self.objective else {}
        found |= {"latent": str(self.latent)} if self.latent else {}
        return found | ({LOOP: self.loop} if self.loop else {})


NOTHING = Given()

LossOfD = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Loss:
    """Both players' losses as functions of D's outputs, minimised: means over the batch, scalars that autograd differentiates.

    `discriminator(real, fake)` gets D's outputs on real and on generated packs, `(batch,)` each; `generator(fake)`, or
    `generator(real, fake)`, as much. `is_probability`: the outputs are logits, and D(x) = sigmoid(a) is shown; else D is a
    critic.
    """

    discriminator: LossOfD
    generator: Callable[..., Tensor]
    is_probability: bool = True
    name: str = "a loss of one's own"

    def objective(self) -> Objective:
        """As the game plays it. No best response and no level at equilibrium are known of it."""
        pairs = len(inspect.signature(self.generator).parameters) > 1

        def of_d(real: Tensor, fake: Tensor) -> Tensor:
            return torch.stack([self.discriminator(r, f) for r, f in zip(real, fake, strict=True)])

        def of_g(real: Tensor, fake: Tensor) -> Tensor:
            both = zip(real, fake, strict=True)
            return torch.stack([self.generator(r, f) if pairs else self.generator(f) for r, f in both])

        @torch.enable_grad()
        @torch.inference_mode(False)
        def slope(real: Tensor, fake: Tensor) -> Tensor:
            leaf = fake.detach().clone().requires_grad_()
            (found,) = torch.autograd.grad(of_g(real.detach().clone(), leaf).sum(), leaf)
            return found * fake.shape[-1]

        reading = (
            DiscriminatorReading(0.5, logit=lambda a: a, low=0, high=1) if self.is_probability else DiscriminatorReading(None)
        )
        return Objective(self.name, of_d, of_g, slope, reading, pairs=pairs)
