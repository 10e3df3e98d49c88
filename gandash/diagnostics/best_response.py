"""Freeze G and train D to its best: how much of max_D V = 2 JSD - log 4 does this D get?

V = E log D(x) + E log(1 - D(G(z))) (Goodfellow et al. 2014, arXiv:1406.2661) is what D maximises here, whatever the game's own
objective and without its penalty: R1 keeps D from D*, and D* is what is looked for. D's output is taken as a logit. Under
spectral normalisation hand in `GameState.phi_effective` for phi. The state handed in is not changed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from gandash.game.game import Game
from gandash.game.losses import discriminator_input, generate, logits
from gandash.game.optimisers import OPTIMISERS, Moments

LOG4 = math.log(4)

_HYPER = {"momentum": 0.9, "decay": 0.99, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}  # torch.optim's defaults


def value(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """V from logits `(members, batch)`, in nats, `(members,)`; at most 0, and -log 4 for D = 1/2."""
    return -F.softplus(-real_logits).mean(-1) - F.softplus(fake_logits).mean(-1)


class Descent:
    """Rows `(members, n)` that go down a loss by one of the game's optimisers, each `step` on the loss it is given."""

    def __init__(self, rows: Tensor, learning_rate: float, optimiser: str = "adam") -> None:
        if optimiser not in OPTIMISERS:
            raise ValueError(f"no optimiser {optimiser!r}; there are {', '.join(OPTIMISERS)}")
        self.rows = rows.detach()
        self._optimiser = OPTIMISERS[optimiser]
        self._moments: Moments = self._optimiser.start(self.rows)
        self._hyper = {name: rows.new_full((len(rows), 1), x) for name, x in {**_HYPER, "learning_rate": learning_rate}.items()}

    def step(self, loss: Callable[[Tensor], Tensor]) -> Tensor:
        """One move down `loss` `(members, n) -> (members,)`; returns what the loss was before it."""
        with torch.enable_grad():
            rows = self.rows.clone().requires_grad_()
            found = loss(rows)
            (gradient,) = torch.autograd.grad(found.sum(), rows)
        update, self._moments = self._optimiser.update(gradient, self._moments, self._hyper)
        self.rows = self.rows + update
        return found.detach()


@dataclass(frozen=True)
class Approach:
    """How near D came after `steps` steps against a G that stands still. Tensors are `(members,)` and in nats.

    `gap` = 2 JSD - log 4 - V is what D could still win, `share` = (V + log 4) / (2 JSD) the part won so far: 0 at D = 1/2, 1 at
    D*. Both are NaN when JSD is not known, `share` also where JSD = 0. V is read on finite samples: noise may carry it past the
    bound.
    """

    steps: int
    value: Tensor
    gap: Tensor
    share: Tensor
    phi: Tensor  # (members, n_phi)


def approach(
    game: Game,
    theta: Tensor,
    phi: Tensor,
    generators: Sequence[Generator],
    *,
    jsd: float | Tensor = math.nan,
    steps: int = 2000,
    chunk: int = 100,
    learning_rate: float = 1e-3,
    batch: int = 1024,
    samples: int = 8192,
    tolerance: float = 1e-4,
    patience: int = 3,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Iterator[Approach]:
    """D's way to D*, by Adam on D alone: one `Approach` before the first step and one after each `chunk` of steps.

    Each step draws a fresh batch, `batch` real and generated samples per member from that member's generator, so hand in
    throw-away generators (`Streams.measuring`) to leave a run undisturbed. V is read on `samples` fixed points, other than
    those trained on. It ends after `steps`, or when no member's best V has risen by `tolerance` nats for `patience` chunks.
    `jsd` in nats is G's true divergence, a number or `(members,)`; where D judges packs, that of packs. `check_cancelled` is
    called before every step and may raise to end the search.
    """
    known = torch.as_tensor(jsd, dtype=torch.float64).expand(game.members)

    def drawn(n: int) -> tuple[Tensor, Tensor]:
        n -= n % game.pack
        real = game.data.sample_each(generators, n).to(phi.dtype)
        latents = game.latent.sample_each(generators, n).to(theta.dtype)
        with torch.no_grad():
            return discriminator_input(game, real), discriminator_input(game, generate(game, theta, latents))

    held_real, held_fake = drawn(samples)
    descent = Descent(phi, learning_rate)

    def reached(done: int) -> Approach:
        with torch.no_grad():
            v = value(logits(game, descent.rows, held_real).double(), logits(game, descent.rows, held_fake).double())
        share = torch.where(known > 0, (v + LOG4) / (2 * known), math.nan)
        return Approach(done, v, 2 * known - LOG4 - v, share, descent.rows.clone())

    now = reached(0)
    yield now
    best, idle, done = now.value, 0, 0
    while done < steps and idle < patience:
        for _ in range(min(chunk, steps - done)):
            check_cancelled()
            descent.step(_negative_value(game, *drawn(batch)))
            done += 1
        now = reached(done)
        yield now
        idle = 0 if bool((now.value > best + tolerance).any()) else idle + 1
        best = torch.fmax(best, now.value)


def _negative_value(game: Game, real: Tensor, fake: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda phi: -value(logits(game, phi, real), logits(game, phi, fake))
