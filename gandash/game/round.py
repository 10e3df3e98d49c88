"""One round of the game in the making: the state it starts from, the batch at hand, both moves, and what is measured of it
without leaving torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gandash.game.field import Made, discriminator_part, generator_part, make
from gandash.game.game import Game, Player, Streams
from gandash.game.networks import Masks
from gandash.game.optimisers import Moments
from gandash.game.parts import NO_STEP_NOISE, DiscriminatorPart, GeneratorPart, StepNoise
from gandash.game.spectral import Normalised, normalised


class Players(Flag):
    """Who moves in a round."""

    D = auto()
    G = auto()
    BOTH = D | G


@dataclass(frozen=True)
class GameState:
    """All that a step reads and replaces. Tensors are never written in place, so a state kept is a state unchanged."""

    step: int
    theta: Tensor  # (members, n_theta)
    phi: Tensor  # (members, n_phi)
    average: Tensor  # (members, n_theta), exponential moving average of theta (Yazici et al. 2019, arXiv:1806.04498)
    theta_moments: Moments
    phi_moments: Moments
    phi_effective: Tensor  # (members, n_phi), D's weights as they act: phi, or phi after spectral normalisation
    memory: dict[str, Tensor] = field(
        default_factory=dict
    )  # what update rule, normalisation and noise keep from round to round

    @property
    def noise_age(self) -> int | Tensor:
        """The rounds since instance noise was set, which its half-life counts: `(members, 1)` where that was in mid-run."""
        return self.step - self.memory[NOISE_SINCE] if NOISE_SINCE in self.memory else self.step

    def with_noise_since_now(self) -> GameState:
        """The same with instance noise set just now."""
        return replace(self, memory=self.memory | {NOISE_SINCE: self.theta.new_full((len(self.theta), 1), self.step)})

    def under_another_rule(self) -> GameState:
        """The same without what the update rule has kept, which is of no use to another one."""
        return replace(self, memory={name: kept for name, kept in self.memory.items() if name in OF_ANY_RULE})

    def under_other_optimisers(self, before: Game, after: Game) -> GameState:
        """The same under the optimisers' settings of another game: see `Optimiser.under`."""

        def kept(was: Player, now: Player, moments: Moments) -> Moments:
            return now.optimiser.under(now.hyper, was.hyper, moments)

        return replace(
            self,
            theta_moments=kept(before.generator, after.generator, self.theta_moments),
            phi_moments=kept(before.discriminator, after.discriminator, self.phi_moments),
        )

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All of it by name, each `(members, n)`: `theta`, ..., `theta_moments.mean`, ..., `memory.spectral`, ..."""
        plain = {kept: getattr(self, name) for kept, name in _PLAIN.items()}
        return plain | {f"{group}.{name}": t for group in _GROUPS for name, t in getattr(self, group).items()}

    @classmethod
    def of(cls, step: int, tensors: Mapping[str, Tensor]) -> GameState:
        """The state whose `tensors` these are. Raises KeyError when one is missing."""
        parts: dict[str, Any] = {name: tensors[kept] for kept, name in _PLAIN.items()} | {group: {} for group in _GROUPS}
        for name, tensor in tensors.items():
            group, _, rest = name.partition(".")
            if rest:
                parts[group][rest] = tensor
        return cls(step=step, **parts)

    def member(self, i: int) -> GameState:
        """Member i's own state, on the same memory."""
        return GameState.of(self.step, {name: tensor[i : i + 1] for name, tensor in self.tensors.items()})

    def to(self, device: torch.device) -> GameState:
        """The same state on this device; itself where it is there already."""
        if self.theta.device == device:
            return self
        return GameState.of(self.step, {name: tensor.to(device) for name, tensor in self.tensors.items()})

    @classmethod
    def together(cls, states: Sequence[GameState]) -> GameState:
        """States of one step and structure as one population."""
        apart = [state.tensors for state in states]
        return cls.of(states[0].step, {name: torch.cat([tensors[name] for tensors in apart]) for name in apart[0]})


NOISE_SINCE = "noise_since"  # the step at which instance noise was last set, `(members, 1)`; none: at the start
OF_ANY_RULE = ("spectral", NOISE_SINCE)  # what is kept, whatever the update rule

_PLAIN = {"theta": "theta", "phi": "phi", "average": "average", "critic": "phi_effective"}  # as kept on disk: the field
_GROUPS = ("theta_moments", "phi_moments", "memory")

METRICS = (
    "loss_d",
    "loss_g",
    "log_d_real",  # E log D(x)
    "log_d_fake",  # E log(1 - D(G(z)))
    "value",  # V, the sum of the two above
    "mean_d_real",
    "mean_d_fake",
    "gradient_norm_d",
    "gradient_norm_g",
    "gradient_norm_g_other",  # of the generator loss that is *not* played, from the same state
    "update_norm_d",
    "update_norm_g",
)
"""What every step reports, in this order. A player that did not move in a round reports NaN for its gradient."""


def noise_in_force(game: Game, state: GameState) -> Tensor | None:
    """The standard deviation of instance noise in the round that begins at `state`, `(members, 1)`; None without noise."""
    return game.penalties.noise_after(state.noise_age)


def start(game: Game, streams: Streams) -> GameState:
    """Step 0: freshly initialised players."""
    theta = streams.initial(game.generator.network)
    phi = streams.initial(game.discriminator.network)
    memory: dict[str, Tensor] = {}
    phi_effective = phi
    if game.penalties.spectral:
        first = normalised(game.discriminator.network, phi, None)
        phi_effective, memory["spectral"] = first.phi, first.kept
    return GameState(
        step=0,
        theta=theta,
        phi=phi,
        average=theta,
        theta_moments=game.generator.optimiser.start(theta),
        phi_moments=game.discriminator.optimiser.start(phi),
        phi_effective=phi_effective,
        memory=memory,
    )


class Round:
    """One round in the making: where both players are, the batch at hand, and what their last moves saw."""

    def __init__(self, game: Game, state: GameState, streams: Streams, players: Players) -> None:
        self.game, self.streams, self.players = game, streams, players
        self.step = state.step
        streams.begin(state.step)
        self.theta, self.phi, self.average, self.phi_effective = state.theta, state.phi, state.average, state.phi_effective
        self.theta_moments, self.phi_moments = state.theta_moments, state.phi_moments
        self.memory = dict(state.memory)
        self.is_ahead = False  # what moves now only looks ahead, and is put back
        self.d_part: DiscriminatorPart | None = None
        self.g_part: GeneratorPart | None = None
        self.d_update: Tensor | None = None
        self.g_update: Tensor | None = None
        self._normalised: Normalised | None = None
        self._graph: Made | None = None
        self._noise = noise_in_force(game, state)

    # ------------------------------------------------------------------------------------------------- batches, fields

    def draw(self, real: bool = True) -> None:
        """A fresh batch; without `real`, of latents alone."""
        game, streams = self.game, self.streams
        if real:
            self.real = streams.real(game)
        self.latents = streams.latents(game)
        self.step_noise = self._step_noise()

    def _step_noise(self) -> StepNoise:
        game, streams, penalties = self.game, self.streams, self.game.penalties
        packs = game.batch // game.pack
        masks = streams.masks(game.discriminator.network, 2 * packs)
        generator_masks = streams.masks(game.generator.network, game.batch)
        if masks is None and generator_masks is None and self._noise is None and not penalties.looks_between:
            return NO_STEP_NOISE
        noise = None
        if self._noise is not None:
            noise = self._noise[..., None, None] * streams.normal(2, game.batch, game.data.dimension)
        return StepNoise(
            mix=streams.uniform(packs, 1) if penalties.looks_between else None,
            noise=noise,
            masks=(None, None) if masks is None else _halves(masks, packs),
            generator_masks=generator_masks,
        )

    def effective(self, phi: Tensor) -> Tensor:
        """D's parameters as they act at `phi`: phi, or phi after one more iteration of spectral normalisation."""
        if not self.game.penalties.spectral:
            return phi
        self._normalised = normalised(self.game.discriminator.network, phi, self.memory.get("spectral"))
        self.memory["spectral"] = self._normalised.kept
        return self._normalised.phi

    def gradient_d(self) -> DiscriminatorPart:
        """D's field at this point on the batch at hand; the gradient is that of the parameters that move."""
        part = discriminator_part(self.game, self.effective(self.phi), self.real, self._fake(), self.step_noise)
        self.d_part = replace(part, gradient=self._normalised.pull_back(part.gradient)) if self._normalised else part
        return self.d_part

    def _fake(self) -> Tensor:
        self._graph = make(self.game, self.theta, self.latents, self.step_noise.generator_masks)
        return self._graph.samples.detach()

    def gradient_g(self) -> GeneratorPart:
        """G's field at this point on the batch at hand, against D's present effective parameters."""
        made, self._graph = self._graph, None  # it can be gone through once
        self.g_part = generator_part(self.game, self.theta, self.phi_effective, self.real, self.latents, self.step_noise, made)
        return self.g_part

    # ---------------------------------------------------------------------------------------------------------- moves

    def move_d(self, gradient: Tensor) -> None:
        """D moves, if it plays."""
        if Players.D not in self.players:
            return
        player = self.game.discriminator
        self.d_update, self.phi_moments = player.optimiser.update(gradient, self.phi_moments, player.hyper)
        self.put_phi(self.phi + self.d_update)

    def move_g(self, gradient: Tensor) -> None:
        """G moves, if it plays, and its average follows."""
        if Players.G not in self.players:
            return
        player = self.game.generator
        self.g_update, self.theta_moments = player.optimiser.update(gradient, self.theta_moments, player.hyper)
        self.theta = self.theta + self.g_update
        self.average = torch.lerp(self.theta, self.average, self.game.averaging)

    def put_phi(self, phi: Tensor) -> None:
        """Take over D's parameters `(members, n_phi)`: clipped and normalised, where the game asks for that."""
        clip = self.game.penalties.clip
        self.phi = phi if clip is None else torch.minimum(torch.maximum(phi, -clip), clip)
        if not self.game.penalties.spectral:
            self.phi_effective = self.phi
        else:
            self.phi_effective = normalised(
                self.game.discriminator.network, self.phi, self.memory.get("spectral"), rounds=0
            ).phi

    def end(self) -> tuple[GameState, Tensor]:
        """The state after the round, and its metrics `(members, len(METRICS))`."""
        assert self.d_part is not None
        state = GameState(
            step=self.step + 1,
            theta=self.theta,
            phi=self.phi,
            average=self.average,
            theta_moments=self.theta_moments,
            phi_moments=self.phi_moments,
            phi_effective=self.phi_effective,
            memory=self.memory,
        )
        g_part = self.g_part if Players.G in self.players else None
        return state, _metrics(self.game, self.d_part, g_part, self.d_update, self.g_update)


def _halves(masks: Masks, n: int) -> tuple[Masks, Masks]:
    return tuple(m[:, :n] for m in masks), tuple(m[:, n:] for m in masks)


_SIDES = torch.tensor([[-1.0], [1.0]])  # times logits `(members, 2, batch)`: how far D leans to the wrong side, real and fake


@torch.inference_mode()
def _metrics(
    game: Game,
    d_part: DiscriminatorPart,
    g_part: GeneratorPart | None,
    d_update: Tensor | None,
    g_update: Tensor | None,
) -> Tensor:
    logits, reading = d_part.logits, game.objective.reading
    loss_g = g_part.loss if g_part else game.objective.generator(d_part.real_logits, d_part.fake_logits)
    # E log D(x), E log(1 - D(G(z))) with a minus; E D(x), E D(G(z)). A critic has no D: its own means
    if reading.logit is not None:
        odds = reading.logit(logits)
        means = torch.cat([F.softplus(_SIDES.to(odds) * odds), torch.sigmoid(odds)], dim=1).mean(-1)
    else:
        means = logits.mean(-1)
        means = torch.cat([torch.full_like(means, math.nan), means], dim=1)
    log_d = means[:, :2].neg()

    def norms(vectors: Tensor | None, count: int = 1) -> Tensor:
        if vectors is None:
            return logits.new_full((len(logits), count), math.nan)
        found: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
        return found.view(-1, count)

    in_order = (
        d_part.loss.unsqueeze(1),
        loss_g.unsqueeze(1),
        log_d,
        log_d.sum(-1, keepdim=True),
        means[:, 2:],
        norms(d_part.gradient if d_update is not None else None),
        norms(g_part.gradients if g_part else None, 2),
        norms(d_update),
        norms(g_update),
    )
    return torch.cat(in_order, dim=-1)
