"""The frames of a game on pictures: a grid of generated ones, real ones beside, and a closer look at one of them.

Who looks closer says so with `ShowCloseUp`: it is no part of the game, and no event of its log. Pixels travel as bytes.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash.config.data import FoundPicturesConfig
from gandash.diagnostics.measure_pictures import PictureMeasurement
from gandash.diagnostics.pictures import PictureEstimators
from gandash.domains.domain import FrameBuilder
from gandash.game.distributions import PictureDistribution
from gandash.game.field import evaluate_discriminator, sample
from gandash.game.game import Game
from gandash.game.losses import logits
from gandash.game.round import GameState
from gandash.wire.browser import CloseUp, ImageGridLabel, Nearest
from gandash.wire.facts import Counted, Facts, GameFacts, PictureFacts
from gandash.wire.frame import Arrays
from gandash.wire.messages import ShowCloseUp

GRID, GRID_BYTES = 64, 30_000  # generated pictures, as many as fit: a frame is to stay below 64 kB
REAL, REAL_BYTES = 16, 13_000
MAP_BYTES = 14_000  # of the latent plane
WALK, WALK_BYTES = 9, 14_000  # pictures from one latent to another
BINS = 24
JUDGED = 128  # real and as many generated pictures, for the histogram of D


class ImageGridFrames(FrameBuilder):
    """Generated pictures from latents that stay, so that they morph; D's word on each; what D says of real and generated."""

    def __init__(self, game: Game, generator: Generator) -> None:
        assert isinstance(game.data, PictureDistribution)
        self._shape = game.data.shape
        size = game.data.dimension
        self._shown = min(GRID, _square(GRID_BYTES // size))
        self._real_shown = min(REAL, REAL_BYTES // size)
        self._real = game.data.sample(generator, JUDGED)
        self._latents = game.latent.sample(generator, JUDGED)
        self._side = min(8, math.isqrt(MAP_BYTES // size)) if game.latent.dimension == 2 else 0
        if self._side:
            axis = game.latent.line(self._side)
            self._map = torch.stack(torch.meshgrid(axis, -axis, indexing="xy"), dim=-1).reshape(-1, 2)
        self._walk = max(3, min(WALK, WALK_BYTES // size))
        self._wanted = ShowCloseUp()
        self._label: ImageGridLabel | None = None

    def facts(self, game: Game, known: PictureEstimators, shared: GameFacts) -> Facts:
        classes = known.classes
        return PictureFacts(
            **dict(shared),
            shape=self._shape,
            pictures=self._shown,
            grid_columns=math.isqrt(self._shown - 1) + 1,
            real_pictures=self._real_shown,
            map_side=self._side,
            walk=self._walk,
            nearest=isinstance(game.config.data, FoundPicturesConfig),
            counted_by=None if classes is None else Counted(classes.noun),
            modes=() if classes is None else classes.names or tuple(range(len(classes.weights))),
            mode_weights=() if classes is None else tuple(classes.weights.tolist()),
            perfect_quality=None if classes is None else known.floors["high_quality"].mean,
        )

    def show_close_up(self, wanted: ShowCloseUp) -> None:
        self._wanted = wanted

    @property
    def image_grid(self) -> ImageGridLabel | None:
        return self._label

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: PictureMeasurement) -> Arrays:
        theta, phi, n = state.theta[:1], state.phi_effective[:1], self._shown
        made = sample(game, theta, self._latents[None])[0].clone()
        d_made, d_real = (game.objective.reading.of(evaluate_discriminator(game, phi, x[None]))[0] for x in (made, self._real))
        low, high = (0.0, 1.0) if game.objective.reading.is_probability else _range(d_made, d_real)
        arrays: Arrays = {
            "generated": as_bytes(made[:n]),
            "d_generated": d_made[:n].numpy(),
            "real": as_bytes(self._real[: self._real_shown]),
            "d_real": d_real[: self._real_shown].numpy(),
            "histogram_real": _histogram(d_real, low, high),
            "histogram_generated": _histogram(d_made, low, high),
        }
        if found.live.coverage is not None:
            arrays["shares"] = found.live.coverage.shares
        self._label = ImageGridLabel(
            histogram_range=(low, high),
            classes_of_generated=_classes(found.estimators, made[:n]),
            close_up=self._closer(game, theta, phi, made, found.estimators, arrays),
        )
        return arrays

    def _closer(
        self, game: Game, theta: Tensor, phi: Tensor, made: Tensor, known: PictureEstimators, arrays: Arrays
    ) -> CloseUp:
        """What was asked for beside the grid: arrays into `arrays`, and the words and numbers that go with them."""
        wanted = self._wanted
        selected = wanted.selected if wanted.selected is not None and wanted.selected < self._shown else None
        other = wanted.other if wanted.other is not None and wanted.other < self._shown else None
        if wanted.map and self._side:
            arrays["map"] = as_bytes(sample(game, theta, self._map[None])[0])
        if selected is None:
            return CloseUp(selected=None, other=None, share=wanted.share, map=wanted.map)
        picture = made[selected : selected + 1]
        arrays["saliency"] = _saliency(game, phi, picture, self._shape)
        near, nearest = _nearest(known, picture)
        d_between = None
        if nearest is not None:
            arrays["nearest"] = as_bytes(nearest)
        if other is not None and other != selected and "map" not in arrays:  # there is room for one of the two
            ends = self._latents[[selected, other]]
            shares = torch.cat([torch.linspace(0, 1, self._walk), torch.tensor([wanted.share])])
            way = sample(game, theta, between(ends[0], ends[1], shares, game.latent.kind)[None])[0]
            arrays["walk"], arrays["between"] = as_bytes(way[:-1]), as_bytes(way[-1:])
            d_between = float(game.objective.reading.of(evaluate_discriminator(game, phi, way[-1:][None]))[0, 0])
        return CloseUp(selected=selected, other=other, share=wanted.share, map=wanted.map, nearest=near, d_between=d_between)


def _nearest(known: PictureEstimators, picture: Tensor) -> tuple[Nearest | None, Tensor | None]:
    """The real picture nearest to this one, and how near; None where real ones have no end."""
    found, pictures, labels = known.nearest(picture), known.law.pictures(), known.law.labels()
    if found is None or pictures is None:
        return None, None
    i = int(found.index[0, 0])
    label = None if labels is None else str(labels[i])
    said = Nearest(index=i, distance=float(found.distance[0, 0]), typical=known.typical, label=label)
    return said, pictures[i : i + 1]


def _classes(known: PictureEstimators, pictures: Tensor) -> tuple[str | None, ...] | None:
    """The class of each picture where classes have names, None where it is none of them."""
    found = known.classes_of(pictures) if known.classes is not None and known.classes.names else None
    if found is None or known.classes is None:
        return None
    return tuple(known.classes.names[k] if k >= 0 else None for k in found.tolist())


def between(one: Tensor, other: Tensor, shares: Tensor, kind: str) -> Tensor:
    """Latents `(n, dim)` on the way from `one` to `other` `(dim,)` at `shares` `(n,)`.

    For a normal law of many dimensions along the arc of both (White 2016, arXiv:1609.04468): on the chord the middle would be
    shorter than latents ever are. Along the chord in one or two dimensions, for a uniform law, and where both are opposite.
    """
    t = shares[:, None]
    chord = (1 - t) * one + t * other
    cosine = torch.cosine_similarity(one, other, dim=0)
    if kind != "normal" or len(one) < 3 or not abs(cosine) < 0.999:
        return chord
    angle = cosine.acos()
    return (torch.sin((1 - t) * angle) * one + torch.sin(t * angle) * other) / angle.sin()


@torch.inference_mode(False)
@torch.enable_grad()
def _saliency(game: Game, phi: Tensor, picture: Tensor, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """The gradient of D's output in the light of each pixel, summed over channels, `(height width,)`."""
    leaf = picture.clone().requires_grad_()
    output = logits(game, phi.clone(), leaf.repeat(1, game.pack)[None])
    (slope,) = torch.autograd.grad(output.sum(), leaf)
    return slope.view(shape).sum(0).reshape(-1).numpy()


def as_bytes(pictures: Tensor) -> NDArray[np.uint8]:
    """Pixels `(n, dim)` from [-1, 1] as 0 to 255, flat."""
    return ((pictures + 1) * 127.5).round_().clamp_(0, 255).nan_to_num_(0).to(torch.uint8).reshape(-1).numpy()


def _range(*outputs: Tensor) -> tuple[float, float]:
    """Where a critic's outputs lie, without the outermost."""
    together = torch.cat(outputs)
    together = together[together.isfinite()]
    if not len(together):
        return 0.0, 1.0
    low, high = (float(q) for q in torch.quantile(together, torch.tensor([0.01, 0.99])))
    return low, max(high, low + 1e-6 * max(1.0, abs(low)))


def _histogram(values: Tensor, low: float, high: float) -> NDArray[np.float32]:
    """Shares of the values in BINS equal cells; what lies outside counts at the ends."""
    cells = ((values - low) / (high - low) * BINS).nan_to_num(0).long().clamp(0, BINS - 1)
    return (torch.bincount(cells, minlength=BINS).float() / len(values)).numpy()


def _square(n: int) -> int:
    """The largest count up to n that fills a rectangle near a square: s^2 or s (s - 1)."""
    side = math.isqrt(n)
    return max(1, side * (side + 1) if side * (side + 1) <= n else side * side)
