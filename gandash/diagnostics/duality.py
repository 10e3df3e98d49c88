"""The duality gap: what each player could still win if the other stood still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.diagnostics.best_response import Descent, value
from gandash.game.game import Game
from gandash.game.losses import discriminator_input, generate, logits


@dataclass(frozen=True)
class DualityGap:
    """max_D V(G, D) - min_G V(G, D) as far as `steps` inner steps reached; tensors `(members,)`, in nats.

    `worst_for_g` is V after D's steps against this G, `worst_for_d` V after G's steps against this D, `value` V of the state.
    """

    steps: int
    value: Tensor
    worst_for_g: Tensor
    worst_for_d: Tensor

    @property
    def gap(self) -> Tensor:
        """`(members,)`, in nats: 0 at an equilibrium; negative only where it was read on a test batch."""
        return self.worst_for_g - self.worst_for_d


def duality_gap(
    game: Game,
    theta: Tensor,
    phi: Tensor,
    real: Tensor,
    latents: Tensor,
    *,
    steps: int,
    learning_rate: float,
    optimiser: str = "adam",
    test: tuple[Tensor, Tensor] | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> DualityGap:
    """Estimate the duality gap of V = E log D + E log(1 - D(G(z))) from the state (theta, phi), which is not changed.

    Grnarova et al. 2019 (arXiv:1811.05512): D climbs V for `steps` steps against the frozen G, and G goes down it against the
    frozen D, on the fixed batch `real`, `latents` `(members, batch, dim)`. At an equilibrium the gap is 0, elsewhere positive.
    Few steps underestimate it, so the number of steps is part of the result. V is the minimax value whatever objective the
    game is played with; D's output is taken as a logit, its penalties and noise left out.

    The players are kept where they stood best, not where the last step left them, so the gap is never negative on that batch;
    on a `test` batch (real, latents), which tells what was won from what was learnt by heart, it may be. `check_cancelled` is
    called before every inner step and may raise to end the search.
    """
    theta, phi = theta.detach(), phi.detach()

    def v(g: Tensor, d: Tensor, x: Tensor, z: Tensor) -> Tensor:
        return value(
            logits(game, d, discriminator_input(game, x)), logits(game, d, discriminator_input(game, generate(game, g, z)))
        )

    with torch.no_grad():
        seen_real, seen_fake = discriminator_input(game, real), discriminator_input(game, generate(game, theta, latents))
    best_phi = _lowest(
        lambda d: -value(logits(game, d, seen_real), logits(game, d, seen_fake)),
        phi,
        steps,
        learning_rate,
        optimiser,
        check_cancelled,
    )
    best_theta = _lowest(lambda g: v(g, phi, real, latents), theta, steps, learning_rate, optimiser, check_cancelled)
    x, z = test or (real, latents)
    with torch.no_grad():
        return DualityGap(steps, v(theta, phi, x, z), v(theta, best_phi, x, z), v(best_theta, phi, x, z))


def gap_of_equals(
    game: Game,
    phi: Tensor,
    real: Tensor,
    other: Tensor,
    at_rest: float,
    *,
    steps: int,
    learning_rate: float,
    optimiser: str = "adam",
    test: tuple[Tensor, Tensor],
    check_cancelled: Callable[[], None] = lambda: None,
) -> Tensor:
    """What `duality_gap` reads where p_g = p_r and D says `at_rest` everywhere, `(members,)` in nats.

    The batches `real`, `other` and those of the `test`, `(members, batch, dim)`, are all of p_r; phi's last layer is made flat.
    What D then learns of its batch by heart costs it on the test, so this is below 0: -.005 on the line, -.4 on the digits. A
    flat D gives G no gradient, so G wins nothing. Under label smoothing D rests where V is not at its maximum, and what D wins
    back in so many steps is part of this number. Raises ValueError for a D that cannot say `at_rest` everywhere.
    """
    flat = _flat(game, phi.detach(), at_rest)
    seen = discriminator_input(game, real), discriminator_input(game, other)
    best = _lowest(
        lambda d: -value(logits(game, d, seen[0]), logits(game, d, seen[1])),
        flat,
        steps,
        learning_rate,
        optimiser,
        check_cancelled,
    )
    x, y = (discriminator_input(game, t) for t in test)
    with torch.no_grad():
        won: Tensor = value(logits(game, best, x), logits(game, best, y)) - value(logits(game, flat, x), logits(game, flat, y))
    return won


def _flat(game: Game, phi: Tensor, output: float) -> Tensor:
    """phi with weights 0 in the last layer and `output` for its bias."""
    net = game.discriminator.network
    parts = list(torch.split(phi, net.lengths, dim=1))
    last = net.matrices[-1]
    parts[last] = torch.zeros_like(parts[last])
    if last + 1 < len(parts):
        parts[last + 1] = torch.full_like(parts[last + 1], output)
    elif output:
        raise ValueError(f"this D has no bias, and cannot say {output:g} everywhere")
    return torch.cat(parts, dim=1)


def _lowest(
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    steps: int,
    learning_rate: float,
    optimiser: str,
    check_cancelled: Callable[[], None],
) -> Tensor:
    """Of the rows that `steps` steps down the loss visit, start included, the best of each member."""
    descent = Descent(rows, learning_rate, optimiser)
    with torch.no_grad():
        best, least = descent.rows, loss(descent.rows)
    for _ in range(steps):
        check_cancelled()
        descent.step(loss)
        with torch.no_grad():
            now = loss(descent.rows)
        better = now < least
        best, least = torch.where(better[:, None], descent.rows, best), torch.where(better, now, least)
    return best
