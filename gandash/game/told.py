"""One round told apart: what each player drew, saw and did in it.

It is the very round that is played (`step.py`), from the same state and random numbers, with somebody looking on: no second
account of any update rule is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gandash.game.field import sample
from gandash.game.game import Game, Streams
from gandash.game.losses import discriminator_terms, outputs_for_generator
from gandash.game.parts import DiscriminatorPart, GeneratorPart
from gandash.game.round import GameState, Players, Round
from gandash.game.step import play


@dataclass(frozen=True)
class Look:
    """One player's look at its loss, and the move that came of it. Tensors are as in `parts.py`; norms are `(members,)`.

    `drew_real`, `drew_latents`: whether its batch was drawn for it; else it is the one of the look before. `is_ahead`: the
    move is put back again. `from_ahead`: it looked from where such moves led. `update` is None where the player did not move.
    """

    player: Players
    drew_real: bool
    drew_latents: bool
    is_ahead: bool
    from_ahead: bool
    real: Tensor
    latents: Tensor
    fake: Tensor
    real_outputs: Tensor | None  # (members, packs); None: G's loss does not ask for them
    fake_outputs: Tensor
    loss: Tensor  # of the objective alone
    penalties: dict[str, Tensor]
    gradient: Tensor  # of the loss with its penalties
    along: Tensor | None = None  # what it moved along, which rules may make of more than the gradient
    update: Tensor | None = None


@dataclass(frozen=True)
class Told:
    """A round: its looks in their order, the metrics that it reports, and the state that it leads to.

    `ended_elsewhere`: the players are not where their last moves led: the rule has put them back part of the way, or further.
    """

    looks: tuple[Look, ...]
    metrics: Tensor
    state: GameState
    noise: Tensor | None  # the standard deviation of instance noise, `(members, 1)`
    ended_elsewhere: bool


def tell(game: Game, state: GameState, streams: Streams, players: Players = Players.BOTH) -> Told:
    """The round that `train_step` plays from here. It takes from `streams` what that takes: hand it copies."""
    this = _Watched(game, state, streams, players)
    after, metrics = play(this)
    ended = {Players.D: this.phi, Players.G: this.theta}
    return Told(
        looks=_with_last_updates(_of_who_plays(this.looks, players), this),
        metrics=metrics,
        state=after,
        noise=this.noise,
        ended_elsewhere=any(not torch.equal(at, ended[player]) for player, at in this.reached.items()),
    )


def _of_who_plays(looks: Sequence[Look], players: Players) -> list[Look]:
    """Without those of a player that does not play: rules look at its loss all the same. What was drawn for them is then drawn
    for the look that comes next."""
    found: list[Look] = []
    real = latents = False
    for look in looks:
        real, latents = real or look.drew_real, latents or look.drew_latents
        if look.player in players:
            found.append(replace(look, drew_real=real, drew_latents=latents))
            real = latents = False
    return found


def _with_last_updates(looks: Sequence[Look], this: _Watched) -> tuple[Look, ...]:
    """The optimistic rule makes another update of a player's last one: the one that the round reports is told."""
    found = list(looks)
    for player, update in ((Players.D, this.d_update), (Players.G, this.g_update)):
        moved = [i for i, look in enumerate(found) if look.player is player and look.update is not None]
        if moved:
            found[moved[-1]] = replace(found[moved[-1]], update=update)
    return tuple(found)


class _Watched(Round):
    """A round that notes every look and every move."""

    def __init__(self, game: Game, state: GameState, streams: Streams, players: Players) -> None:
        super().__init__(game, state, streams, players)
        self.looks: list[Look] = []
        self.reached: dict[Players, Tensor] = {}  # where each player's last move led
        self._drew_real = self._drew_latents = False  # since the last look

    @property
    def noise(self) -> Tensor | None:
        return self._noise

    def draw(self, real: bool = True) -> None:
        super().draw(real)
        self._drew_real, self._drew_latents = self._drew_real or real, True

    def gradient_d(self) -> DiscriminatorPart:
        part = super().gradient_d()
        assert self._graph is not None
        fake = self._graph.samples.detach()
        phi = self._normalised.phi if self._normalised else self.phi
        penalties = self._penalties(phi, fake)
        self._note(Players.D, fake, part.real_logits, part.fake_logits, part.loss, part.gradient, penalties)
        return part

    def _penalties(self, phi: Tensor, fake: Tensor) -> dict[str, Tensor]:
        if not self.game.penalties.slopes:
            return {}
        with torch.inference_mode(False), torch.enable_grad():
            phi, real, fake = phi.detach().clone(), self.real.clone(), fake.clone()
            found = discriminator_terms(self.game, phi, real, fake, self.step_noise)[1]
        return {name: value.detach() for name, value in found.items()}

    def gradient_g(self) -> GeneratorPart:
        part = super().gradient_g()
        fake = sample(self.game, self.theta, self.latents, self.step_noise.generator_masks)
        on_real = None
        if self.game.objective.pairs:
            with torch.inference_mode():
                on_real = outputs_for_generator(self.game, self.phi_effective, self.real, fake, self.step_noise)[0]
        self._note(Players.G, fake, on_real, part.fake_logits, part.loss, part.gradient, {})
        return part

    def _note(
        self,
        player: Players,
        fake: Tensor,
        real_outputs: Tensor | None,
        fake_outputs: Tensor,
        loss: Tensor,
        gradient: Tensor,
        penalties: dict[str, Tensor],
    ) -> None:
        look = Look(
            player=player,
            drew_real=self._drew_real,
            drew_latents=self._drew_latents,
            is_ahead=self.is_ahead,
            from_ahead=any(one.is_ahead for one in self.looks) and not self.is_ahead,
            real=self.real,
            latents=self.latents,
            fake=fake,
            real_outputs=real_outputs,
            fake_outputs=fake_outputs,
            loss=loss,
            penalties=penalties,
            gradient=gradient,
        )
        self.looks.append(look)
        self._drew_real = self._drew_latents = False

    def move_d(self, gradient: Tensor) -> None:
        super().move_d(gradient)
        self._moved(Players.D, gradient, self.d_update, self.phi)

    def move_g(self, gradient: Tensor) -> None:
        super().move_g(gradient)
        self._moved(Players.G, gradient, self.g_update, self.theta)

    def _moved(self, player: Players, along: Tensor, update: Tensor | None, reached: Tensor) -> None:
        if player not in self.players:
            return
        i = max(i for i, look in enumerate(self.looks) if look.player is player)
        self.looks[i] = replace(self.looks[i], along=along, update=update)
        self.reached[player] = reached
