"""Why a game diverged: which number of a round was the first that is not finite, and what it was made of.

The round is played again under watch. A cause is named only where the numbers name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gandash.config.objectives import OBJECTIVES
from gandash.game.field import discriminator_part
from gandash.game.game import Game, Streams
from gandash.game.parts import DiscriminatorPart, GeneratorPart
from gandash.game.round import GameState, Players, Round
from gandash.game.step import UPDATE_RULES

LARGE = 1e3  # beyond this a number has run away, in games whose numbers are a few units
FAR = 100.0  # one player's numbers must be so many times as large as the other's to be called the cause


@dataclass(frozen=True)
class Finding:
    """`quantity` is the first that is not finite, `sizes` the largest |value| of what it was made of.

    `cause` says whose numbers had run away, as far as the numbers say it, and `advice` what may help.
    """

    quantity: str
    sizes: Mapping[str, float]
    cause: str
    advice: str

    @property
    def words(self) -> str:
        """All of it but the advice, in a sentence or two."""
        made = "; ".join(f"{name} up to {_brief(size)}" for name, size in self.sizes.items())
        return f"{self.quantity} was no longer a finite number, the first to be so{f' ({made})' if made else ''}. {self.cause}"


class _Found(Exception):
    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def first_broken(game: Game, state: GameState, streams: Streams, players: Players = Players.BOTH) -> Finding | GameState:
    """Play the round from `state`: what broke first in it, or the state it leads to. Of a game with one member."""
    watched = _Watched(game, state, streams, players)
    rule = game.config.update_rule
    try:
        UPDATE_RULES[type(rule)](watched, rule)
        return watched.end()[0]
    except _Found as found:
        return found.finding


class _Watched(Round):
    """A round that stops at the first number that is not finite."""

    def draw(self, real: bool = True) -> None:
        super().draw(real)
        self._check("A sample of the data", self.real, {"the data's other numbers": self.real})

    def _fake(self) -> Tensor:
        fake = super()._fake()
        self._check("A sample of G", fake, {"G's parameters": self.theta})
        self._made = fake.clone()
        return fake

    def gradient_d(self) -> DiscriminatorPart:
        part = super().gradient_d()
        self._check_output(part.logits)
        made = {"D's output": part.logits}
        self._check(f"D's loss ({self._objective})", part.loss, made)
        if not bool(part.gradient.isfinite().all()):
            bare = self._gradient_without_penalties()
            of_penalty = bare is not None and bool(bare.isfinite().all())
            of = "the penalty on D's slope" if of_penalty else f"D's loss ({self._objective})"
            self._check(f"The gradient of {of} in D's parameters", part.gradient, made | self._inputs)
        return part

    def gradient_g(self) -> GeneratorPart:
        part = super().gradient_g()
        if not hasattr(self, "_made"):
            self._fake()
        self._check_output(part.fake_logits)
        made = {"D's output": part.fake_logits}
        self._check(f"G's loss ({self._objective})", part.loss, made)
        self._check("The gradient of G's loss in G's parameters", part.gradient, made | self._inputs)
        return part

    def move_d(self, gradient: Tensor) -> None:
        self._check(f"The direction of D's step ({self._rule})", gradient, self._inputs)
        super().move_d(gradient)
        if self.d_update is not None:
            self._check("D's step", self.d_update, {"its gradient": gradient})

    def move_g(self, gradient: Tensor) -> None:
        self._check(f"The direction of G's step ({self._rule})", gradient, self._inputs)
        super().move_g(gradient)
        if self.g_update is not None:
            self._check("G's step", self.g_update, {"its gradient": gradient})

    def put_phi(self, phi: Tensor) -> None:
        before = self.phi
        super().put_phi(phi)
        self._check("A parameter of D", self.phi, {"D's parameters": before})

    def end(self) -> tuple[GameState, Tensor]:
        self._check("A parameter of G", self.theta, {})
        return super().end()

    # ------------------------------------------------------------------------------------------------------------

    @property
    def _objective(self) -> str:
        return OBJECTIVES.get(self.game.objective.name, self.game.objective.name)

    @property
    def _rule(self) -> str:
        return str(self.game.config.update_rule.summary())

    @property
    def _inputs(self) -> dict[str, Tensor]:
        return {"D's parameters": self.phi, "the data": self.real, "G's samples": self._made}

    def _check_output(self, outputs: Tensor) -> None:
        self._check("D's output", outputs, self._inputs)

    def _gradient_without_penalties(self) -> Tensor | None:
        p = self.game.penalties
        if not p.slopes:
            return None
        bare = replace(self.game, penalties=p.without_slopes())
        phi = self._normalised.phi if self._normalised else self.phi
        return discriminator_part(bare, phi, self.real, self._made, self.step_noise).gradient

    def _check(self, quantity: str, number: Tensor, made: Mapping[str, Tensor]) -> None:
        if not bool(number.isfinite().all()):
            sizes = {name: largest(t) for name, t in made.items()}
            raise _Found(Finding(quantity, sizes, *self._cause(quantity)))

    def _cause(self, quantity: str) -> tuple[str, str]:
        """Whose numbers had run away, and what may help."""
        d, g, data = largest(self.phi), largest(self.theta), largest(self.real)
        both = f"(D's up to {_brief(d)}, G's up to {_brief(g)})"
        p = self.game.penalties
        or_penalty = " or the weight of D's penalty" if p.slopes else ""
        if quantity == "A sample of the data" or (data > LARGE and data > max(d, g)):
            return f"The data hold numbers as large as {_brief(data)}.", "choose data of another scale, or with lighter tails"
        if d > LARGE and d > FAR * g:
            return f"D's parameters had run away, G's had not {both}.", f"lower D's learning rate{or_penalty}"
        if g > LARGE and g > FAR * d:
            return f"G's parameters had run away, D's had not {both}.", "lower G's learning rate"
        if max(d, g) > LARGE:
            return f"Parameters had run away {both}.", f"lower a learning rate{or_penalty}"
        if "loss" in quantity:
            said = f"No parameter was large {both}: the objective itself overflows at such outputs of D."
            return said, "choose another objective, or hold D back by a lower learning rate or a stronger R1"
        if "direction" in quantity:
            return (
                f"No parameter was large {both}: the update rule's own work overflows.",
                "lower its weight, depth or step size",
            )
        return f"No parameter was large {both}.", "restart with other settings"


def largest(x: Tensor) -> float:
    """The largest |value| of those that are finite."""
    return float(torch.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0).abs().max())


def _brief(size: float) -> str:
    return f"{size:.2g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
