"""How a game travels: where it has been, how its path turns, the field along a line between two of its points; D's slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandash.diagnostics.estimators import Array
from gandash.diagnostics.spectrum import Field
from gandash.game.field import outputs_and_slopes
from gandash.game.game import Game
from gandash.game.losses import discriminator_input
from gandash.words import Said, say

POINTS, FEWEST, BYTES = 64, 8, 64 * 2**20  # of a path: points kept, however large they are, within so much memory
NEAR, BESIDE = 0.05, 0.25  # parts of the line on both sides of its end where a path angle is read
CLEAR = 0.1  # a cosine this small has no sign to speak of
BUMP = 0.25  # a cosine higher by this at the end than beside it is a bump


@dataclass(frozen=True)
class PathPoint:
    """Where one member's players were: w = (theta, phi), `(n,)`."""

    step: int
    w: Tensor


class PathHistory:
    """Where a game has been: at most 64 points and 64 MiB of one member's parameters, fewer for large players.

    A longer path loses every other point of its older half, so that the first one stays and recent ones lie closest.
    """

    def __init__(self) -> None:
        self._points: list[PathPoint] = []

    @property
    def points(self) -> tuple[PathPoint, ...]:
        """From old to new."""
        return tuple(self._points)

    def take(self, step: int, theta: Tensor, phi: Tensor, member: int = 0) -> None:
        """Keep this point `(members, n)`; points of this step and later, from before the game went back, are forgotten."""
        while self._points and self._points[-1].step >= step:
            self._points.pop()
        w = torch.cat([theta[member], phi[member]]).detach()
        self._points.append(PathPoint(step, w))
        most = max(FEWEST, min(POINTS, BYTES // (w.element_size() * max(1, len(w)))))
        if len(self._points) > most:
            half = most // 2
            self._points = self._points[:half:2] + self._points[half:]


class UpdateCosine:
    """Whether a path turns: the cosine between its displacement since the last point and the displacement before that.

    >>> turning = UpdateCosine()
    >>> at = lambda x, y: turning.take(torch.tensor([[float(x)]]), torch.tensor([[float(y)]]))
    >>> at(0, 0), at(1, 0), at(1, 1), at(1, 2)
    (nan, nan, 0.0, 1.0)
    """

    def __init__(self) -> None:
        self._last: Tensor | None = None
        self._displacement: Tensor | None = None

    def kept(self) -> dict[str, NDArray[np.float32]]:
        """Where the players were last, and what had brought them there, as far as there is either."""
        both = {"last": self._last, "displacement": self._displacement}
        return {name: tensor.numpy().copy() for name, tensor in both.items() if tensor is not None}

    def restore(self, kept: dict[str, NDArray[np.float32]]) -> None:
        """Go on from what `kept` gave."""
        found = {name: torch.from_numpy(array.copy()) for name, array in kept.items()}
        self._last, self._displacement = found.get("last"), found.get("displacement")

    def take(self, theta: Tensor, phi: Tensor, member: int = 0) -> float:
        """The cosine at the last point, by this one `(members, n)`; NaN before there are three, and where nobody moved."""
        now = torch.cat([theta[member], phi[member]]).detach()
        last, before = self._last, self._displacement
        self._last = now
        self._displacement = None if last is None else now - last
        if self._displacement is None or before is None:
            return math.nan
        return float(update_cosine(before, self._displacement))


@dataclass(frozen=True)
class PathAngle:
    """cosine(alpha) between v(w_alpha) and the line's direction, and |v(w_alpha)|; `(points,)` each. NaN cosine where v = 0."""

    alphas: Array
    cosines: Array
    norms: Array

    @property
    def words(self) -> Said:
        """What the cosine says of the line's end, alpha = 1, by medians just before it, just behind it and farther off."""
        off = self.alphas - 1
        before, behind = self._median((off < 0) & (off >= -BESIDE)), self._median((off > 0) & (off <= BESIDE))
        if math.isnan(before) or math.isnan(behind):
            return say("The field is zero along this line: there is nothing to read.")
        if max(abs(before), abs(behind)) < CLEAR:
            return say("No sign to speak of on either side: the field stands square to the line, neither inwards nor outwards.")
        at_end, farther = self._median(np.abs(off) <= NEAR), self._median((np.abs(off) > NEAR) & (np.abs(off) <= BESIDE))
        turns = abs(at_end) > abs(farther) + BUMP
        square = max(abs(before), abs(behind)) < 0.7  # farther than 45 degrees from the line
        if before < 0 < behind:
            said = say("Minus before, plus behind: the field leads to the present point from both sides, which is attraction")
        elif behind < 0 < before:
            said = say(
                "Plus before, minus behind: the field leads away from the present point on both sides, which is repulsion"
            )
        elif turns:
            return say(
                "One sign on both sides and a bump between: the field goes round near the present point, which is rotation."
            )
        else:
            onwards = say("on, along the way it came") if before < 0 else say("back, towards where it came from")
            return say(
                "No change of sign: the present point is no rest point on this line; the field leads {onwards}.",
                onwards=onwards,
            )
        if turns or square:
            return say("{said}; most of the field stands across the line, as it would in a rotation.", said=said)
        return say("{problem}.", problem=said)

    def _median(self, chosen: NDArray[np.bool_]) -> float:
        found = self.cosines[chosen]
        found = found[~np.isnan(found)]
        return float(np.median(found)) if len(found) else math.nan


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
        v = field(start.detach().double() + alpha * direction).detach().double()
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


@torch.inference_mode()
def mean_slope(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """E |grad_x a(x)| of D's output over samples x `(members, n, dim)`, per unit of x: `(members,)`, no graph.

    Not the root of R1's E |grad_x a|^2, which is never smaller. Where D judges packs, the slope is along all of a pack. Under
    spectral normalisation phi is what D is judged with, `GameState.phi_effective`.
    """
    _, slope = outputs_and_slopes(game, phi, discriminator_input(game, x))
    norms: Tensor = torch.linalg.vector_norm(slope, dim=-1)
    return norms.mean(-1)
