"""Both players as functions of numpy arrays, in double precision, and many fresh samples of both laws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from gandash.game.game import Game
from gandash.game.losses import logits
from gandash.game.round import GameState

Array = NDArray[np.float64]

SEED = 20261129  # of the audit's own samples; no game is measured with it
_TOGETHER = 2**16  # points that pass through a network at once


@dataclass(frozen=True)
class Players:
    """One game at one moment. Functions of points `(n, dimension)`; D's output is `(n / pack,)`, of as many packs."""

    game: Game
    state: GameState

    def latents(self, n: int, seed: int) -> Array:
        """n fresh draws of p_z, `(n, dimension)`."""
        z: Array = self.game.latent.sample(torch.Generator().manual_seed(SEED + seed), n).double().numpy()
        return z

    def latents_at(self, u: Array) -> Array:
        """Latents of law p_z from points u of law uniform on the unit cube, `(n, dimension)`."""
        z: Array = ndtri(np.clip(u, 1e-12, 1 - 1e-12)) if self.game.latent.kind == "normal" else 2 * u - 1
        return z

    def real(self, n: int, seed: int) -> Array:
        """n fresh draws of p_r, `(n, dimension)`."""
        x: Array = self.game.data.sample(torch.Generator().manual_seed(SEED + seed), n).double().numpy()
        return x

    def generated(self, n: int, seed: int, *, averaged: bool = False) -> Array:
        """n fresh draws of p_g, of the live generator or the averaged one."""
        return np.concatenate([self.made(self.latents(k, 7919 * seed + i), averaged=averaged) for i, k in enumerate(_parts(n))])

    def made(self, z: Array, *, averaged: bool = False) -> Array:
        """G(z)."""
        theta = (self.state.average if averaged else self.state.theta)[:1].double()
        net = self.game.generator.network
        with torch.no_grad():
            x: Array = net(theta, torch.from_numpy(z)[None], None)[0].numpy()
        return x

    def made_with_jacobian(self, z: Array, *, averaged: bool = False) -> tuple[Array, Array]:
        """G(z) `(n, k)` and dG/dz `(n, k, dimension of z)`."""
        theta = (self.state.average if averaged else self.state.theta)[:1].double()
        net = self.game.generator.network
        places = torch.from_numpy(z).requires_grad_()
        x = net(theta, places[None], None)[0]
        rows = [torch.autograd.grad(x[:, i].sum(), places, retain_graph=True)[0].numpy() for i in range(x.shape[1])]
        return x.detach().numpy(), np.stack(rows, axis=1)

    def outputs(self, x: Array) -> Array:
        """D's output a on x, each of `pack` samples after each other judged together."""
        pack = self.game.pack
        whole = torch.from_numpy(x[: len(x) // pack * pack]).reshape(-1, pack * x.shape[1])
        phi = self.state.phi_effective[:1].double()
        with torch.no_grad():
            parts = [logits(self.game, phi, part[None])[0].numpy() for part in torch.split(whole, _TOGETHER)]
        return np.concatenate(parts).astype(np.float64)

    def outputs_at(self, places: Array) -> Array:
        """D's output where every sample of a pack lies at the same place: what is drawn."""
        return self.outputs(np.repeat(places, self.game.pack, axis=0))

    def read(self, a: Array) -> Array:
        """Outputs in the units in which they are shown."""
        read: Tensor = self.game.objective.reading.of(torch.from_numpy(a))
        return np.asarray(read.numpy(), dtype=np.float64)

    def density_of_real(self, x: Array) -> Array:
        """p_r(x), exact."""
        law: Callable[[Tensor], Tensor] = getattr(self.game.data, "log_density")  # noqa: B009  # pictures have none
        return np.asarray(law(torch.from_numpy(x)).exp().numpy(), dtype=np.float64)

    def density_of_latent(self, z: Array) -> Array:
        """p_z(z)."""
        if self.game.latent.kind == "normal":
            return np.asarray(np.exp(-0.5 * (z**2).sum(axis=1)) / math.tau ** (z.shape[1] / 2))
        return np.asarray((np.abs(z) <= 1).all(axis=1) / 2.0 ** z.shape[1])


def _parts(n: int) -> Iterator[int]:
    while n > 0:
        yield min(n, _TOGETHER)
        n -= _TOGETHER
