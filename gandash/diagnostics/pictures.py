"""Generated pictures against real ones: Frechet distance, precision and recall in features, and what is shown how often.

Pictures have no density to compare, so everything here compares two samples, and every number has its level: what it reads for
real pictures against others. Those that stand for generated ones there are held out: none is compared with itself. A G that
has learnt a finite set by heart therefore reads slightly better than the level; `nearest` tells it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash.config.data import DigitsConfig, FoundPicturesConfig, PicturesConfig
from gandash.diagnostics.coverage import Coverage
from gandash.diagnostics.estimators import FLOOR_REPEATS, FLOOR_SEED, Array, NullReference
from gandash.diagnostics.features import DigitFeatures, FeatureSpace, RandomFeatures
from gandash.diagnostics.samples import NEIGHBOURS, Manifold, manifold
from gandash.game.distributions import PictureDistribution, distribution

SAMPLES = 512  # of each law in one reading: eight times the features' dimension, or more
MOST_REAL = 4096  # pictures of a finite set that stand for it in features; the nearest is sought among all
DRAWN = 2048  # pictures drawn from a law that has no end of them
CAPTURED = 0.1  # of a class's share among real pictures
_TYPICAL = 256  # pictures whose nearest other one says how far apart real ones are
_BLOCK = 64  # pictures that are held against all real ones at once

MORE_IS_BETTER = {
    **{"frechet": False, "precision": True, "recall": True, "density": True, "coverage": True},
    **{"modes": True, "high_quality": True, "reverse_kl": False, "mass": True},
}
"""The statistics of a `PictureReading`."""


@dataclass(frozen=True)
class Moments:
    """Mean `(d,)` and covariance `(d, d)` of a sample of features."""

    mean: Array
    covariance: Array

    @classmethod
    def of(cls, features: Array) -> Moments:
        """Of a sample `(n, d)`; the covariance is the unbiased one, over n - 1."""
        mean = features.mean(axis=0)
        centred = features - mean
        return cls(mean, centred.T @ centred / max(len(features) - 1, 1))

    @property
    def variance(self) -> float:
        """In all directions together: the covariance's trace."""
        return float(np.trace(self.covariance))


def frechet(a: Moments, b: Moments) -> float:
    """The squared Wasserstein-2 distance between the Gaussians with these moments.

    |mean_a - mean_b|^2 + tr(A + B - 2 (A^(1/2) B A^(1/2))^(1/2)), which has the trace of Heusel et al.'s (A B)^(1/2) (2017,
    arXiv:1706.08500) but takes roots of symmetric matrices only. Rounding may make it negative, and is cut off.
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
    overlap = np.sqrt(np.linalg.eigvalsh(root @ b.covariance @ root).clip(min=0)).sum()
    apart = a.mean - b.mean
    return max(0.0, float(apart @ apart + a.variance + b.variance - 2 * overlap))


class Classes(ABC):
    """What pictures are counted by: digits, labels or cells. `weights` `(K,)` are their shares under p_r, `noun` their name.

    A class is captured by `least` `(K,)` of all pictures, and by one at the least.
    """

    noun: str
    names: tuple[str, ...] = ()
    weights: Array
    least: Array

    @abstractmethod
    def of(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        """The class of each picture `(n, dimension)`, `(n,)`; -1 where it is none of them."""

    def of_real(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        """The same of the real pictures that are kept, none of them told by itself."""
        return self.of(x, features)

    def count(self, found: NDArray[np.intp]) -> tuple[Coverage, float]:
        """How pictures of classes `found` `(n,)` cover them, and the mass under p_r of the captured ones.

        High quality are those of some class; the reverse KL is that of their shares from the weights, in nats.
        """
        good = found[found >= 0]
        counts = np.bincount(good, minlength=len(self.weights))
        captured = counts >= np.maximum(1, self.least * len(found))
        share = counts / max(len(good), 1)
        terms = [q * math.log(q / w) for q, w in zip(share.tolist(), self.weights.tolist(), strict=True) if q > 0]
        covered = Coverage(
            captured=int(captured.sum()),
            high_quality=len(good) / len(found),
            reverse_kl=math.fsum(terms) if len(good) else math.nan,
            shares=(counts / len(found)).astype(np.float32),
        )
        return covered, float(self.weights[captured].sum())


class DigitClasses(Classes):
    """The digits played with, told by the classifier with a probability above 1/2.

    A digit is captured when at least a tenth as many generated pictures show it as real ones do, 1 % of all where all ten are
    played with: the classifier misreads about that many real digits, so that a handful of pictures prove nothing.
    """

    noun = "digits"

    def __init__(self, labels: NDArray[np.int64], features: DigitFeatures) -> None:
        self._features = features
        self._digits, counts = np.unique(labels, return_counts=True)
        self.names = tuple(str(d) for d in self._digits)
        self.weights = counts / len(labels)
        self.least = CAPTURED * self.weights

    def of(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        found = self._features.digits(features)
        played = np.isin(found, self._digits)
        return np.where(played, np.searchsorted(self._digits, found), -1)


class LabelClasses(Classes):
    """Uploaded classes. A picture is of the class of more than half of the NEIGHBOURS real pictures nearest to it, all made
    small.

    Small is at most 8 pixels wide, by means over squares. A picture is of no class if its nearest real one is farther away than
    that is for 95 % of the real ones. How well that tells the classes depends on the pictures: the level of `high_quality` is
    the share of real ones that are of any. A class is captured as a digit is.
    """

    noun = "classes"

    def __init__(self, labels: NDArray[np.int64], shape: tuple[int, int, int], real: Tensor) -> None:
        known, indices, counts = np.unique(labels, return_inverse=True, return_counts=True)
        self.names = tuple(str(label) for label in known)
        self.weights = counts / len(labels)
        self.least = CAPTURED * self.weights
        self._shape = shape
        self._indices = torch.from_numpy(indices)
        self._real = self._small(real)
        self._votes = min(NEIGHBOURS, len(labels) - 1)
        self._reach = float(self._apart(self._real, self._others()).quantile(0.95))

    def of(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        small = self._small(x)
        return self._elected(small, _closest(small, self._real, self._votes))

    def of_real(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        return self._elected(self._real, self._others())

    def _small(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x.float().reshape(-1, *self._shape), math.ceil(self._shape[1] / 8)).flatten(1)

    def _others(self) -> Tensor:
        """The real pictures nearest to each real one, itself left out, `(n, votes)`."""
        closest = _closest(self._real, self._real, self._votes + 1)
        own = closest == torch.arange(len(closest))[:, None]
        return closest.gather(1, own.int().argsort(dim=1, stable=True))[:, : self._votes]

    def _apart(self, small: Tensor, closest: Tensor) -> Tensor:
        """How far each is from the nearest."""
        return (small - self._real[closest[:, 0]]).square().sum(dim=1).sqrt()

    def _elected(self, small: Tensor, closest: Tensor) -> NDArray[np.intp]:
        votes = self._indices[closest]
        elected = votes.mode(dim=1).values
        is_clear = 2 * (votes == elected[:, None]).sum(dim=1) > self._votes
        is_near = self._apart(small, closest) <= self._reach
        return torch.where(is_clear & is_near, elected, -1).numpy().astype(np.intp)


class CellClasses(Classes):
    """The cells of a law that is known, by the attributes read back; a single picture captures one."""

    noun = "cells"

    def __init__(self, law: PictureDistribution) -> None:
        self._law = law
        self.weights = law.cell_masses()
        self.least = np.zeros_like(self.weights)

    def of(self, x: Tensor, features: Array) -> NDArray[np.intp]:
        return self._law.cells(x)


@dataclass(frozen=True)
class PictureReading:
    """One generator against p_r.

    `frechet` is in units of the real features' total variance: a G whose features always are the real ones' mean reads 1, one
    that repeats one real picture reads 2 on average over pictures.
    `coverage` counts classes (digits, labels or cells; None where pictures have none), `mass` is p_r of the captured ones.
    """

    frechet: float
    manifold: Manifold
    coverage: Coverage | None
    mass: float

    @property
    def numbers(self) -> dict[str, float]:
        """By the names of MORE_IS_BETTER, NaN for what is not there."""
        covered = self.coverage
        return {
            "frechet": self.frechet,
            **vars(self.manifold),
            "modes": float(covered.captured) if covered else math.nan,
            "high_quality": covered.high_quality if covered else math.nan,
            "reverse_kl": covered.reverse_kl if covered else math.nan,
            "mass": self.mass,
        }


@dataclass(frozen=True)
class Nearest:
    """The nearest real pictures, nearest first: `index` `(n, k)` among `pictures()`, `distance` `(n, k)`, root mean square."""

    index: NDArray[np.intp]
    distance: Array


_NOTHING = Manifold(math.nan, math.nan, math.nan, math.nan)


class PictureEstimators:
    """Estimators against one law of pictures, with the features of real ones made once.

    The Frechet distance is taken from all `samples` generated pictures to all real ones kept; precision, recall, density and
    coverage from as many of each law, `neighbourhood`, half of a finite set at most: as many can be held out.
    """

    samples = SAMPLES

    def __init__(self, law: PictureDistribution) -> None:
        self.law = law
        generator = Generator().manual_seed(FLOOR_SEED)
        self.real_points = law.sample(generator, SAMPLES)
        real = _real(law, generator)
        self.features, self.classes = _measures(law, real)
        self._real = self.features.of(real)
        self._moments = Moments.of(self._real)
        self.neighbourhood = min(SAMPLES, len(real) // 2)
        self.floors: Mapping[str, NullReference] = self._levels(
            None if self.classes is None else self.classes.of_real(real, self._real)
        )

    def read(self, x: Tensor) -> PictureReading:
        """Compare generated pictures x `(samples, dimension)` with real ones. Raises ValueError for another sample count.

        All is NaN, and no class captured, where a number of x is not finite: a diverged G has no law.
        """
        if x.shape[0] != self.samples:
            raise ValueError(f"{x.shape[0]} pictures given; what real ones read is known for {self.samples}")
        if not bool(torch.isfinite(x).all()):
            return self._reading(math.nan, _NOTHING, None if self.classes is None else np.full(len(x), -1))
        features = self.features.of(x)
        return self._reading(
            self._frechet(features, self._moments),
            self._manifold(self._real[: self.neighbourhood], features[: self.neighbourhood]),
            self._classes_of(x, features),
        )

    def classes_of(self, x: Tensor) -> NDArray[np.intp] | None:
        """The index in `classes` of each picture `(n, dimension)`, `(n,)`, -1 for none; None where there are no classes."""
        return None if self.classes is None else self._classes_of(x, self.features.of(x))

    @torch.inference_mode()
    def nearest(self, x: Tensor, k: int = 1) -> Nearest | None:
        """The k real pictures nearest to each of x `(n, dimension)`, by pixels; None for a law that draws new ones every time.

        A G that has learnt a picture by heart comes closer to it than `typical`. Raises ValueError for more than there are.
        """
        real = self._pictures
        if real is None:
            return None
        if not 1 <= k <= len(real):
            raise ValueError(f"the {k} nearest are asked for; there are {len(real)} real pictures")
        return _nearest(x.float(), real, k)

    @cached_property
    def typical(self) -> float:
        """The median distance of a real picture to the nearest other one, NaN for a law that draws new ones every time."""
        real = self._pictures
        if real is None:
            return math.nan
        return float(np.median(_nearest(real[:_TYPICAL], real, 2).distance[:, 1]))  # the nearest is the picture itself

    @cached_property
    def _pictures(self) -> Tensor | None:
        return self.law.pictures()

    def _classes_of(self, x: Tensor, features: Array) -> NDArray[np.intp] | None:
        return None if self.classes is None else self.classes.of(x, features)

    def _reading(self, distance: float, found: Manifold, classes: NDArray[np.intp] | None) -> PictureReading:
        if self.classes is None or classes is None:
            return PictureReading(distance, found, None, math.nan)
        covered, mass = self.classes.count(classes)
        return PictureReading(distance, found, covered, mass)

    def _frechet(self, features: Array, real: Moments) -> float:
        return frechet(real, Moments.of(features)) / max(self._moments.variance, np.finfo(float).tiny)

    def _manifold(self, real: Array, fake: Array) -> Manifold:
        if self.neighbourhood <= NEIGHBOURS:
            return _NOTHING  # too few pictures to be neighbours
        return manifold(torch.from_numpy(real), torch.from_numpy(fake))

    def _levels(self, classes: NDArray[np.intp] | None) -> dict[str, NullReference]:
        """Splits the real pictures into held-out ones and the rest, again and again. Few are drawn again to make `samples`."""
        drawn = np.random.default_rng(FLOOR_SEED)
        n = self.neighbourhood
        readings = []
        for _ in range(FLOOR_REPEATS):
            order = drawn.permutation(len(self._real))
            held, rest = order[:n], order[n:]
            all_held = held if n == SAMPLES else drawn.choice(held, SAMPLES)
            reading = self._reading(
                self._frechet(self._real[all_held], Moments.of(self._real[rest])),
                self._manifold(self._real[rest[:n]], self._real[held]),
                None if classes is None else classes[all_held],
            )
            readings.append(reading.numbers)
        return {name: NullReference.of([r[name] for r in readings], more) for name, more in MORE_IS_BETTER.items()}


def _measures(law: PictureDistribution, real: Tensor) -> tuple[FeatureSpace, Classes | None]:
    """Where this law's pictures are compared, and what they are counted by."""
    labels = law.labels()
    if isinstance(law.settings, DigitsConfig):
        assert labels is not None
        digits = DigitFeatures()
        return digits, DigitClasses(labels, digits)
    if law.attributes:
        return RandomFeatures(law.shape), CellClasses(law)
    return RandomFeatures(law.shape), None if labels is None else LabelClasses(labels[: len(real)], law.shape, real)


def _real(law: PictureDistribution, generator: Generator) -> Tensor:
    """Real pictures as the players see them: of a finite set each once, with the noise of samples; else a fixed draw."""
    pictures = law.pictures()
    if pictures is None:
        return law.sample(generator, DRAWN)
    assert isinstance(law.settings, FoundPicturesConfig)
    n = len(pictures)
    kept = min(n, MOST_REAL)
    choice = torch.zeros(kept, 2)
    choice[:, 0] = (torch.arange(kept) + 0.5) / n  # the middle of what is drawn for each
    return law.push(choice, torch.rand(kept, law.dimension, generator=generator))


def _closest(x: Tensor, real: Tensor, k: int) -> Tensor:
    """The indices of the k of `real` nearest to each row of x, nearest first, `(n, k)`."""
    squares = real.square().sum(dim=1)
    found = [(squares - 2 * rows @ real.T).topk(k, dim=1, largest=False).indices for rows in torch.split(x, _BLOCK)]
    return torch.cat(found)


def _nearest(x: Tensor, real: Tensor, k: int) -> Nearest:
    index = _closest(x, real, k)
    # Differences anew: those of squares would not read 0 for a copy
    distance = torch.stack([(x - real[row]).square().mean(dim=1).sqrt() for row in index.T], dim=1)
    return Nearest(index.numpy(), distance.double().numpy())


@lru_cache(maxsize=16)
def picture_estimators_for(data: PicturesConfig) -> PictureEstimators:
    """The estimators for this law, made once: settings are frozen, so they are the key."""
    law = distribution(data)
    assert isinstance(law, PictureDistribution)
    return PictureEstimators(law)
