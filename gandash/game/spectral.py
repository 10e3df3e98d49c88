"""Spectral normalisation of D (Miyato et al. 2018, arXiv:1802.05957): every weight matrix over its largest singular value.

The parameters that move, phi, stay free; D is judged with `normalised(phi)`. The singular value is estimated by one power
iteration per step from a vector that is kept: sigma = v^T W u with u, v held still, so that the gradient in W is
(g - <g, W_n> v u^T) / sigma for a gradient g in the normalised matrix W_n = W / sigma.

A matrix of zeros has no direction: it is left alone, W_n = W with the gradient g, until a step has given it one. A matrix of
one number keeps its sign alone, and its gradient is 0: so does the D of the Dirac-GAN.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gandash.game.networks import Network

NOTHING = 1e-12  # a matrix with a smaller singular value is none
START_ROUNDS = 10  # of power iteration at step 0, where the kept vector knows nothing yet


@dataclass(frozen=True)
class Normalised:
    """`phi` as D is judged with, the vectors to keep, and what `pull_back` needs."""

    phi: Tensor  # (members, size)
    kept: Tensor  # (members, outputs of all matrices)
    _sides: tuple[tuple[Tensor, Tensor, Tensor], ...]  # v, u, sigma of each matrix
    _net: Network

    def pull_back(self, gradient: Tensor) -> Tensor:
        """A gradient in the normalised parameters as one in those that move, `(members, size)` both."""
        parts = list(torch.split(gradient, self._net.lengths, dim=1))
        scaled = torch.split(self.phi, self._net.lengths, dim=1)
        for i, (v, u, sigma) in zip(self._net.matrices, self._sides, strict=True):
            along = (parts[i] * scaled[i]).sum(-1, keepdim=True)
            parts[i] = (parts[i] - along * (v.unsqueeze(-1) * u.unsqueeze(-2)).flatten(1)) / sigma
        return torch.cat(parts, dim=1)


@torch.no_grad()
def normalised(net: Network, phi: Tensor, kept: Tensor | None, rounds: int = 1) -> Normalised:
    """phi `(members, size)` with every weight matrix over its spectral norm; `kept` as the last call left it, None at step 0.

    `rounds` of power iteration are made first: 0 takes the singular vectors as they were kept.
    """
    parts = list(torch.split(phi, net.lengths, dim=1))
    shapes = net.shapes
    if kept is None:
        rounds = START_ROUNDS
        kept = phi.new_ones(len(phi), sum(fan_out for _, fan_out in shapes))
    vectors, sides = [], []
    for i, (fan_in, fan_out), u in zip(net.matrices, shapes, torch.split(kept, [n for _, n in shapes], dim=1), strict=True):
        w = parts[i].view(-1, fan_in, fan_out)
        u = _start(w, F.normalize(u, dim=-1))
        for _ in range(rounds):
            v = F.normalize((w @ u.unsqueeze(-1)).squeeze(-1), dim=-1)
            u = F.normalize((v.unsqueeze(-2) @ w).squeeze(-2), dim=-1)
        wu = (w @ u.unsqueeze(-1)).squeeze(-1)
        sigma = torch.linalg.vector_norm(wu, dim=-1, keepdim=True)
        sigma = torch.where(sigma < NOTHING, 1.0, sigma)
        v = wu / sigma
        parts[i] = parts[i] / sigma
        vectors.append(u)
        sides.append((v, u, sigma))
    return Normalised(torch.cat(parts, dim=1), torch.cat(vectors, dim=1), tuple(sides), net)


def _start(w: Tensor, u: Tensor) -> Tensor:
    """u; where W u = 0, which no power iteration leaves, the longest row of W instead: what was kept while W was 0, and a
    vector that all rows stand square to, find back so."""
    is_lost = torch.linalg.vector_norm(w @ u.unsqueeze(-1), dim=(-2, -1)) < NOTHING
    longest = torch.linalg.vector_norm(w, dim=-1).argmax(-1)
    row = w[torch.arange(len(w), device=w.device), longest]
    return torch.where(is_lost.unsqueeze(-1), F.normalize(row, dim=-1), u)
