"""Why a game diverged: which number of a round was the first that is not finite, and what it was made of.

The round is played again under watch. A cause is named only where the numbers name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import torch
from torch import Tensor

from gandash.config.objectives import OBJECTIVES
from gandash.game.field import discriminator_part
from gandash.game.game import Game, Streams
from gandash.game.parts import DiscriminatorPart, GeneratorPart
from gandash.game.round import GameState, Players, Round
from gandash.game.step import UPDATE_RULES
from gandash.words import Said, finished, joined, parted, say

LARGE = 1e3  # beyond this a number has run away, in games whose numbers are a few units
FAR = 100.0  # one player's numbers must be so many times as large as the other's to be called the cause


A_SAMPLE_OF_THE_DATA = say("a sample of the data")


class Part(Enum):
    """Which part of the round a quantity belongs to, where that tells what may help."""

    LOSS = auto()
    DIRECTION = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Finding:
    """`quantity` is the first that is not finite, `sizes` the largest |value| of what it was made of.

    `cause` says whose numbers had run away, as far as the numbers say it, and `advice` what may help.
    """

    quantity: Said
    sizes: Mapping[Said, float]
    cause: Said
    advice: Said

    def words_at(self, step: int) -> Said:
        """All of it but the advice, in a sentence or two; it happened at this step."""
        made = [say("{quantity} up to {size}", quantity=name, size=_brief(size)) for name, size in self.sizes.items()]
        if made:
            broke = say(
                "At step {step} {quantity} was no longer a finite number, the first to be so ({sizes}).",
                step=step,
                quantity=self.quantity,
                sizes=parted(*made),
            )
        else:
            broke = say(
                "At step {step} {quantity} was no longer a finite number, the first to be so.",
                step=step,
                quantity=self.quantity,
            )
        return joined(broke, self.cause)


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
        self._check(A_SAMPLE_OF_THE_DATA, self.real, {say("the data's other numbers"): self.real})

    def _fake(self) -> Tensor:
        fake = super()._fake()
        self._check(say("a sample of G"), fake, {say("G's parameters"): self.theta})
        self._made = fake.clone()
        return fake

    def gradient_d(self) -> DiscriminatorPart:
        part = super().gradient_d()
        self._check_output(part.logits)
        made = {say("D's output"): part.logits}
        self._check(self._loss_of_d, part.loss, made, breaks=Part.LOSS)
        if not bool(part.gradient.isfinite().all()):
            bare = self._gradient_without_penalties()
            of_penalty = bare is not None and bool(bare.isfinite().all())
            of = say("the penalty on D's slope") if of_penalty else self._loss_of_d
            self._check(
                say("the gradient of {quantity} in D's parameters", quantity=of),
                part.gradient,
                made | self._inputs,
                breaks=Part.OTHER if of_penalty else Part.LOSS,
            )
        return part

    def gradient_g(self) -> GeneratorPart:
        part = super().gradient_g()
        if not hasattr(self, "_made"):
            self._fake()
        self._check_output(part.fake_logits)
        made = {say("D's output"): part.fake_logits}
        self._check(say("G's loss ({objective})", objective=self._objective), part.loss, made, breaks=Part.LOSS)
        self._check(say("the gradient of G's loss in G's parameters"), part.gradient, made | self._inputs, breaks=Part.LOSS)
        return part

    def move_d(self, gradient: Tensor) -> None:
        self._check(say("the direction of D's step ({rule})", rule=self._rule), gradient, self._inputs, breaks=Part.DIRECTION)
        super().move_d(gradient)
        if self.d_update is not None:
            self._check(say("D's step"), self.d_update, {say("its gradient"): gradient})

    def move_g(self, gradient: Tensor) -> None:
        self._check(say("the direction of G's step ({rule})", rule=self._rule), gradient, self._inputs, breaks=Part.DIRECTION)
        super().move_g(gradient)
        if self.g_update is not None:
            self._check(say("G's step"), self.g_update, {say("its gradient"): gradient})

    def put_phi(self, phi: Tensor) -> None:
        before = self.phi
        super().put_phi(phi)
        self._check(say("a parameter of D"), self.phi, {say("D's parameters"): before})

    def end(self) -> tuple[GameState, Tensor]:
        self._check(say("a parameter of G"), self.theta, {})
        return super().end()

    # ------------------------------------------------------------------------------------------------------------

    @property
    def _objective(self) -> Said:
        return finished(OBJECTIVES.get(self.game.objective.name, self.game.objective.name))

    @property
    def _loss_of_d(self) -> Said:
        return say("D's loss ({objective})", objective=self._objective)

    @property
    def _rule(self) -> Said:
        return finished(self.game.config.update_rule.summary())

    @property
    def _inputs(self) -> dict[Said, Tensor]:
        return {say("D's parameters"): self.phi, say("the data"): self.real, say("G's samples"): self._made}

    def _check_output(self, outputs: Tensor) -> None:
        self._check(say("D's output"), outputs, self._inputs)

    def _gradient_without_penalties(self) -> Tensor | None:
        p = self.game.penalties
        if not p.slopes:
            return None
        bare = replace(self.game, penalties=p.without_slopes())
        phi = self._normalised.phi if self._normalised else self.phi
        return discriminator_part(bare, phi, self.real, self._made, self.step_noise).gradient

    def _check(self, quantity: Said, number: Tensor, made: Mapping[Said, Tensor], breaks: Part = Part.OTHER) -> None:
        if not bool(number.isfinite().all()):
            sizes = {name: largest(t) for name, t in made.items()}
            raise _Found(Finding(quantity, sizes, *self._cause(quantity, breaks)))

    def _cause(self, quantity: Said, breaks: Part) -> tuple[Said, Said]:
        """Whose numbers had run away, and what may help."""
        d, g, data = largest(self.phi), largest(self.theta), largest(self.real)
        both = say("(D's up to {of_d}, G's up to {of_g})", of_d=_brief(d), of_g=_brief(g))
        has_penalty = bool(self.game.penalties.slopes)
        if quantity == A_SAMPLE_OF_THE_DATA or (data > LARGE and data > max(d, g)):
            return (
                say("The data hold numbers as large as {size}.", size=_brief(data)),
                say("choose data of another scale, or with lighter tails"),
            )
        if d > LARGE and d > FAR * g:
            return (
                say("D's parameters had run away, G's had not {sizes}.", sizes=both),
                say("lower D's learning rate or the weight of D's penalty") if has_penalty else say("lower D's learning rate"),
            )
        if g > LARGE and g > FAR * d:
            return say("G's parameters had run away, D's had not {sizes}.", sizes=both), say("lower G's learning rate")
        if max(d, g) > LARGE:
            return (
                say("Parameters had run away {sizes}.", sizes=both),
                say("lower a learning rate or the weight of D's penalty") if has_penalty else say("lower a learning rate"),
            )
        if breaks is Part.LOSS:
            return (
                say("No parameter was large {sizes}: the objective itself overflows at such outputs of D.", sizes=both),
                say("choose another objective, or hold D back by a lower learning rate or a stronger R1"),
            )
        if breaks is Part.DIRECTION:
            return (
                say("No parameter was large {sizes}: the update rule's own work overflows.", sizes=both),
                say("lower its weight, depth or step size"),
            )
        return say("No parameter was large {sizes}.", sizes=both), say("restart with other settings")


def largest(x: Tensor) -> float:
    """The largest |value| of those that are finite."""
    return float(torch.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0).abs().max())


def _brief(size: float) -> str:
    return f"{size:.2g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
