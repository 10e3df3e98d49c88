"""The game near a point: the Jacobian of the field both players follow, and what each update rule makes of it.

H = dv/dw at w = (theta, phi), v = (grad_theta L_G, grad_phi L_D) the *descent* field on a fixed batch: players move along -v
and a rest point is stable for small steps when all eigenvalues of H have positive real part (papers that use the ascent field
have the opposite sign). What a rule makes of H stands with the rule (`config.rules`, `round_matrix`); what it makes of one
eigenvalue of H, where that is enough to know, stands here.
Source: Mescheder, Nowozin, Geiger 2017 (arXiv:1705.10461); Gidel et al. 2019 (arXiv:1802.10551).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs
from torch import Tensor

from gandash.diagnostics.estimators import Array
from gandash.game.game import Game, build_game
from gandash.game.losses import field_vector
from gandash.game.networks import Masks
from gandash.game.parts import NO_STEP_NOISE, StepNoise

ComplexArray = NDArray[np.complex128]
Field = Callable[[Tensor], Tensor]
Which = Literal["LM", "LR", "SR"]

DENSE = 400  # parameters up to which the whole matrix is formed
_START_SEED = 20170530  # of ARPACK's first vector: the same state must read the same


# ---------------------------------------------------------------------------------------------------------------- field


def joint(theta: Tensor, phi: Tensor, member: int = 0) -> Tensor:
    """One member's w = (theta, phi) in float64, `(n,)`."""
    return torch.cat([theta[member], phi[member]]).detach().double()


def joint_field(game: Game, real: Tensor, latents: Tensor, member: int = 0, step_noise: StepNoise = NO_STEP_NOISE) -> Field:
    """One member's w -> v(w), `(n,) -> (n,)` in float64, differentiable, on this batch `(members, batch, dim)` whatever w.

    What else a training pass draws belongs to the batch: a gradient penalty needs `step_noise.mix`, dropout and noise are left
    out unless `step_noise` has them. Raises ValueError under spectral normalisation, whose field is not a function of w alone.
    """
    if game.penalties.spectral:
        raise ValueError("no field of w alone under spectral normalisation, which remembers; turn it off for this diagnostic")
    alone = game if game.members == 1 else build_game(game.configs[member])
    split = game.generator.network.size
    x, z, drawn = _of_member(real, member), _of_member(latents, member), _step_noise_of_member(step_noise, member)

    def v(w: Tensor) -> Tensor:
        with torch.enable_grad():
            w = w if w.requires_grad else w.detach().requires_grad_()
            return torch.cat(field_vector(alone, w[None, :split], w[None, split:], x, z, drawn), dim=-1)[0]

    return v


def _of_member(t: Tensor, member: int) -> Tensor:
    return t[member : member + 1].detach().double()


def _step_noise_of_member(step_noise: StepNoise, member: int) -> StepNoise:
    def masks(given: Masks | None) -> Masks | None:
        return None if given is None else tuple(_of_member(mask, member) for mask in given)

    return StepNoise(
        mix=None if step_noise.mix is None else _of_member(step_noise.mix, member),
        noise=None if step_noise.noise is None else _of_member(step_noise.noise, member),
        masks=(masks(step_noise.masks[0]), masks(step_noise.masks[1])),
        generator_masks=masks(step_noise.generator_masks),
    )


# ------------------------------------------------------------------------------------------------------------- spectrum


class Jacobian:
    """H at one point, by products: H u (`times`), u^T H (`left`), or whole (`dense`). Float64 in, float64 out.

    >>> turn = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)    # min over x, max over y, of x y
    >>> Jacobian(lambda w: turn @ w, torch.zeros(2)).dense().tolist()
    [[0.0, 1.0], [-1.0, 0.0]]
    """

    def __init__(self, field: Field, at: Tensor, check_cancelled: Callable[[], None] = lambda: None) -> None:
        self._check_cancelled = check_cancelled
        with torch.enable_grad():
            self._at = at.detach().double().requires_grad_()
            self._v = field(self._at)
            # H u is the derivative in c of (c^T H) u: one graph serves every u
            self._c = torch.zeros_like(self._v, requires_grad=True)
            (self._pulled,) = torch.autograd.grad(self._v, self._at, self._c, create_graph=True, materialize_grads=True)
        self.size = len(self._at)

    @property
    def field(self) -> Array:
        """v at the point, `(n,)`."""
        return self._v.detach().numpy()

    def times(self, u: Array) -> Array:
        """H u, `(n,) -> (n,)`."""
        return self._product(self._pulled, self._c, u)

    def left(self, u: Array) -> Array:
        """u^T H, `(n,) -> (n,)`."""
        return self._product(self._v, self._at, u)

    def dense(self) -> Array:
        """`(n, n)`: row i is the gradient of v_i."""
        return np.stack([self.left(row) for row in np.eye(self.size)])

    def _product(self, of: Tensor, by: Tensor, u: Array) -> Array:
        self._check_cancelled()
        weights = torch.from_numpy(np.ascontiguousarray(u, dtype=np.float64)).reshape(of.shape)
        (found,) = torch.autograd.grad(of, by, weights, retain_graph=True, materialize_grads=True)
        product: Array = found.detach().numpy()
        return product


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of H, by falling magnitude. Unless `complete`, only some: those asked for at the ends of the spectrum.

    `converged` is False where ARPACK gave up on some of them; those it found are exact nevertheless. `speed` is |v|: far
    from a rest point eigenvalues tell how the field bends, not where the game goes.
    """

    eigenvalues: ComplexArray
    size: int
    complete: bool
    converged: bool
    speed: float


def spectrum(
    field: Field,
    at: Tensor,
    *,
    count: int = 12,
    which: Sequence[Which] = ("LM",),
    dense_up_to: int = DENSE,
    restarts: int | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Spectrum:
    """Eigenvalues of dv/dw at w `(n,)`: all for n <= `dense_up_to`, else by ARPACK `count` of each kind in `which`.

    "LM" largest magnitude, "LR" largest real part, "SR" smallest (the unstable ones; slow to converge when many lie near 0).
    ARPACK gives up after `restarts` of its own for each kind (None: ten times n). `check_cancelled` is called before every
    product with H and may raise to end the search. Raises ValueError where v or a wanted product is not finite: a diverged
    game has no spectrum.
    """
    h = Jacobian(field, at, check_cancelled)
    speed = float(np.linalg.norm(h.field))
    if not np.isfinite(speed):
        raise ValueError("the field is not finite here; take the spectrum of a state before the game diverged")
    if h.size <= max(dense_up_to, count + 1):
        whole = torch.from_numpy(_finite(h.dense()))
        # torch's: numpy's keeps Python's lock for as long as it takes, and the thread beside it, which may be drawing, waiting
        return Spectrum(_ordered(torch.linalg.eigvals(whole).numpy()), h.size, True, True, speed)
    operator = LinearOperator((h.size, h.size), matvec=lambda u: _finite(h.times(np.ravel(u))), dtype=np.dtype(np.float64))
    start = np.random.default_rng(_START_SEED).standard_normal(h.size)
    found: list[ComplexArray] = []
    converged = True
    for kind in which:
        try:
            values = np.asarray(
                eigs(operator, k=count, which=kind, v0=start, maxiter=restarts, return_eigenvectors=False), dtype=np.complex128
            )
        except ArpackNoConvergence as stopped:
            values, converged = np.asarray(stopped.eigenvalues, dtype=np.complex128), False
        found.append(values)
    return Spectrum(_distinct(_ordered(np.concatenate(found))), h.size, False, converged, speed)


def _finite(values: Array) -> Array:
    if not np.isfinite(values).all():
        raise ValueError("the Jacobian is not finite here; take the spectrum of a state before the game diverged")
    return values


def pairs(values: ComplexArray) -> tuple[tuple[float, float], ...]:
    """(re, im) of each."""
    return tuple((float(z.real), float(z.imag)) for z in values)


def _ordered(values: NDArray[np.generic]) -> ComplexArray:
    """By falling magnitude, a conjugate pair together with the positive imaginary part first."""
    z = np.asarray(values, dtype=np.complex128)
    return z[np.lexsort((-z.imag, -z.real, -np.round(np.abs(z), 9)))]


def _distinct(ordered: ComplexArray) -> ComplexArray:
    """Without what two searches both found: their copies differ by ARPACK's rounding.

    A double eigenvalue is shown once too; to the eye it is one point.
    """
    kept: list[complex] = []
    scale = float(np.abs(ordered).max(initial=0.0))
    for z in ordered.tolist():
        if all(abs(z - other) > 1e-8 * scale for other in kept):
            kept.append(z)
    return np.array(kept, dtype=np.complex128)


def step_sizes(split: int, size: int, h_g: float, h_d: float) -> Array:
    """The diagonal of step sizes `(size,)`: h_G for the first `split` coordinates, h_D for the rest."""
    return np.concatenate([np.full(split, float(h_g)), np.full(size - split, float(h_d))])


# -------------------------------------------------------------------------------------------------- one eigenvalue's step


@dataclass(frozen=True)
class Rule:
    """What an update rule makes of one eigenvalue lambda of H, with u = h lambda.

    `multipliers(u)` `(...) -> (..., r)`: the eigenvalues of its round matrix that belong to lambda; `edge(points)`: where in
    the plane of u the largest of them has modulus 1, one closed curve. Players with unequal steps: use the eigenvalues of
    diag(h) H and h = 1. Alternating moves are missing, since theirs do not depend on lambda alone.
    """

    multipliers: Callable[[ComplexArray], ComplexArray]
    edge: Callable[[int], ComplexArray]


def _unit_circle(points: int, turns: int = 1) -> ComplexArray:
    around: ComplexArray = np.exp(2j * np.pi * turns * np.linspace(0, 1, points))
    return around


def _roots(b: ComplexArray, c: ComplexArray) -> ComplexArray:
    """Both roots of z^2 - b z + c."""
    root = np.sqrt(b * b - 4 * c)
    return np.stack([(b + root) / 2, (b - root) / 2], axis=-1)


def _extragradient_edge(points: int) -> ComplexArray:
    # u^2 - u + 1 = z: the two roots join into one curve when z goes twice around, as 4z - 3 encircles 0
    w = 4 * _unit_circle(points, turns=2) - 3
    u: ComplexArray = (1 + np.sqrt(np.abs(w)) * np.exp(0.5j * np.unwrap(np.angle(w)))) / 2
    return u


def _optimistic_edge(points: int) -> ComplexArray:
    # z^2 - (1 - 2u) z - u = 0 solved for u; the other root, -u/z, has modulus |1 - z| / |2z - 1| <= 2/3
    z = _unit_circle(points)
    u: ComplexArray = z * (1 - z) / (2 * z - 1)
    return u


def heavy_ball_rule(momentum: float) -> Rule:
    """z^2 - (1 + m - u) z + m = 0: the edge is an ellipse, for the other root has modulus m < 1.

    Raises ValueError for a momentum that is not between -1 and 1, where nothing is stable.
    """
    if not -1 < momentum < 1:
        raise ValueError(f"momentum {momentum}; it must lie between -1 and 1")

    def edge(points: int) -> ComplexArray:
        z = _unit_circle(points)
        return 1 + momentum - z - momentum / z

    return Rule(lambda u: _roots(1 + momentum - u, np.full_like(u, momentum)), edge)


RULES: dict[str, Rule] = {
    "simultaneous": Rule(lambda u: (1 - u)[..., None], lambda points: 1 - _unit_circle(points)),
    "extragradient": Rule(lambda u: (1 - u + u * u)[..., None], _extragradient_edge),
    "optimistic": Rule(lambda u: _roots(1 - 2 * u, -u), _optimistic_edge),
}


def stability_boundary(rule: str | Rule, h: float, points: int = 401) -> ComplexArray:
    """Where the rule's largest multiplier has modulus 1: a closed curve `(points,)` in the plane of H's eigenvalues lambda.

    Inside it the rule contracts. Simultaneous: the circle |1 - h lambda| = 1. Extragradient: |1 - h lambda + (h lambda)^2| = 1.
    Optimistic: the largest root of z^2 - (1 - 2 h lambda) z - h lambda. Raises ValueError for another name.
    """
    return _rule(rule).edge(points) / h


def growth(rule: str | Rule, eigenvalues: ComplexArray, h: float) -> Array:
    """The largest modulus of a multiplier for each eigenvalue of H, `(...) -> (...)`: below 1 the rule contracts along it."""
    u = h * np.asarray(eigenvalues, dtype=np.complex128)
    largest: Array = np.abs(_rule(rule).multipliers(u)).max(-1)
    return largest


def _rule(rule: str | Rule) -> Rule:
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        raise ValueError(
            f"no stability boundary for {rule!r}; there is one for {', '.join(RULES)} and heavy_ball_rule(momentum)"
        )
    return RULES[rule]
