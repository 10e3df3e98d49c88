"""How a game travels: the field along a line between two of its points, the turning of its path, the slope of D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gandash.diagnostics.estimators import Array
from gandash.diagnostics.spectrum import Field
from gandash.game.field import logits, seen
from gandash.game.game import Game


@dataclass(frozen=True)
class PathAngle:
    """cosine(alpha) between v(w_alpha) and the line's direction, and |v(w_alpha)|; `(points,)` each. NaN cosine where v = 0."""

    alphas: Array
    cosines: Array
    norms: Array


def path_angle(field: Field, start: Tensor, end: Tensor, *, points: int = 61, beyond: float = 0.25) -> PathAngle:
    """The path angle along w_alpha = (1 - alpha) start + alpha end, for alpha from -`beyond` to 1 + `beyond`.

    cosine = (end - start).v(w_alpha) / (|end - start| |v(w_alpha)|), with v the descent field `(n,) -> (n,)`, so players move
    along -v: before an attracting end it is negative (the game walks on towards it), behind it positive. A change of sign at 1
    is attraction; a bump there is rotation; both together a spiral. Source: Berard et al. 2020, arXiv:1906.04848, section 4.
    Raises ValueError when start and end are one point: they span no line.
    """
    direction = (end - start).detach().double()
    length = float(direction.norm())
    if not length > 0:
        raise ValueError("start and end are the same point (or not finite); choose two points of the trajectory that differ")
    alphas = np.linspace(-beyond, 1 + beyond, points)
    cosines, norms = np.empty(points), np.empty(points)
    for i, alpha in enumerate(alphas.tolist()):
        v = field(start.detach().double() + alpha * direction).detach()
        norms[i] = float(v.norm())
        cosines[i] = float(v @ direction) / (norms[i] * length) if norms[i] > 0 else np.nan
    return PathAngle(alphas, cosines, norms)


def update_cosine(before: Tensor, after: Tensor) -> Tensor:
    """The cosine between consecutive joint updates, `(..., n) -> (...)`: 1 straight on, 0 a right angle, -1 back again.

    NaN where a player pair stood still.
    """
    a, b = before.double(), after.double()
    norm = torch.linalg.vector_norm
    cosine: Tensor = (a * b).sum(-1) / (norm(a, dim=-1) * norm(b, dim=-1))
    return cosine


def update_cosines(trajectory: Tensor) -> Tensor:
    """The cosines at the inner points of a path `(T, ..., n)` of w = (theta, phi): `(T - 2, ...)`."""
    updates = trajectory.double().diff(dim=0)
    return update_cosine(updates[:-1], updates[1:])


def mean_slope(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """E |grad_x a(x)| of D's logit over samples x `(members, n, dim)`, per unit of x: `(members,)`, no graph.

    Not the root of R1's E |grad_x a|^2, which is never smaller. Where D judges packs, the slope is along all of a pack. Under
    spectral normalisation phi is what D is judged with, `GameState.critic`.
    """
    with torch.enable_grad():
        places = seen(game, x.detach()).clone().requires_grad_()
        (slope,) = torch.autograd.grad(logits(game, phi.detach(), places).sum(), places)
    norms: Tensor = torch.linalg.vector_norm(slope, dim=-1)
    return norms.mean(-1)
