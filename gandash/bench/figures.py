"""How fast it is, in ratios measured within one run: beside a plain PyTorch loop, beside bare matrix products, watched or not.

Rivals take turns in short slices and the median slice counts, so that whatever else the machine does meets them all. Absolute
times belong to this machine and this minute; the ratios travel better.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandash.bench.live import change_seconds, paces, reactions
from gandash.bench.rivals import Engine, PlainLoop, Products, duel, picture_duel, race
from gandash.config import GameConfig
from gandash.config.changes import with_followers
from gandash.config.data import BarsConfig, PicturesConfig
from gandash.config.networks import ConvolutionConfig, MLPConfig
from gandash.packed import PackedPictures, pack_pictures
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.worker.trajectory import be_reproducible

MEMBERS = 64  # of the population
CHANGES = 50  # of learning rate
PICTURES = 5000


@dataclass(frozen=True)
class Figure:
    """One measured number: what it is in words, the value wanted (None: none), and what it was computed from."""

    name: str
    value: float
    wanted: str | None
    text: str
    measured: dict[str, Any]


def figures(preset: Preset, seconds: float) -> Iterator[Figure]:
    """All figures, one by one as they are measured, each within about `seconds`. Raises NothingToMeasure."""
    be_reproducible()
    for width, batch, r1, wanted in ((64, 256, 0.0, "1.5"), (14, 150, 0.0, "2"), (64, 256, 0.7, None), (14, 150, 0.7, None)):
        yield _against_plain(duel(width, batch, r1), seconds, wanted and f"at least {wanted}")
    yield _against_plain(picture_duel(BarsConfig(), 16, 64), seconds, "at least 1.2")
    yield _population(seconds)
    yield _limit(seconds)
    yield _watched(preset, seconds)
    yield _reaction(preset, CHANGES)
    yield _live_change(preset.config, "", preset.name)
    yield _live_change(with_pictures(preset.config), "_pictures", f"{preset.name} on {PICTURES:,} uploaded pictures of 28 × 28")


def _against_plain(config: GameConfig, seconds: float, wanted: str | None) -> Figure:
    net, batch, r1 = config.generator, config.run.batch, config.regulariser.r1
    assert isinstance(net, MLPConfig | ConvolutionConfig)
    engine, plain = race([Engine(config), PlainLoop(config)], seconds)
    size = f"{net.depth}x{net.width}" if isinstance(net, MLPConfig) else f"pictures_{net.channels}"
    data = f"{config.data.summary()}, " if isinstance(config.data, PicturesConfig) else ""
    game = f"{data}{net.summary()}, batch {batch}" + (f", R1 {r1:g}" if r1 else "")
    return Figure(
        f"plain_{size}" + ("_r1" if r1 else ""),
        plain / engine,
        wanted,
        f"times the plain loop's steps per second: {game} ({1 / engine:.0f} : {1 / plain:.0f})",
        {"engine_seconds": engine, "plain_seconds": plain},
    )


def _population(seconds: float) -> Figure:
    configs = [duel(32, 128, seed=seed) for seed in range(MEMBERS)]
    engine, plain = race([Engine(*configs), PlainLoop(configs[0])], seconds)
    return Figure(
        "population",
        MEMBERS * plain / engine,
        "at least 8",
        f"times the plain loop's steps per second: {MEMBERS} games of 2 × 32 ReLU, batch 128, played together",
        {"engine_seconds": engine, "plain_seconds": plain, "members": MEMBERS},
    )


def _limit(seconds: float) -> Figure:
    config = duel(64, 256)
    engine, products = race([Engine(config), Products(config)], seconds)
    return Figure(
        "limit",
        engine / products,
        None,
        "times as long as the bare matrix products of the same step (2 × 64 ReLU, batch 256)",
        {"engine_seconds": engine, "products_seconds": products},
    )


def _watched(preset: Preset, seconds: float) -> Figure:
    unwatched, watched, frames = paces(preset.config, seconds)
    return Figure(
        "watched",
        watched / unwatched,
        "at least 0.85" if preset is DEFAULT else None,
        f"of the unwatched pace with one viewer at full rate: {preset.name} ({watched:.0f} : {unwatched:.0f} steps per second, "
        f"{frames:.0f} frames)",
        {"unwatched_steps_per_second": unwatched, "watched_steps_per_second": watched, "frames_per_second": frames},
    )


def _reaction(preset: Preset, changes: int) -> Figure:
    found = np.array(reactions(preset.config, changes)) * 1000
    return Figure(
        "reaction",
        float(np.percentile(found, 95)),
        "at most 150",
        f"ms from a change of learning rate to the metrics of its first step, 95th percentile of {changes}: {preset.name} "
        f"(median {np.median(found):.0f})",
        {"median_ms": float(np.median(found)), "longest_ms": float(found.max()), "changes": changes},
    )


def _live_change(config: GameConfig, name: str, game: str) -> Figure:
    found = 1000 * statistics.median(change_seconds(config, CHANGES))
    return Figure(
        f"live_change{name}",
        found,
        "at most 2",
        f"ms of the worker's time for a change of learning rate, median of {CHANGES}: {game}",
        {"changes": CHANGES},
    )


def with_pictures(config: GameConfig) -> GameConfig:
    """This game on `PICTURES` uploaded pictures of 28 × 28 with 6 grey levels, packed into 1.9 million characters."""
    pixels = 51 * np.random.default_rng(0).integers(0, 6, (PICTURES, 1, 28, 28), dtype=np.uint8)
    data = {"kind": "uploaded_pictures", "pixels": pack_pictures(PackedPictures(pixels, None))}
    return config.replace_all(with_followers(config, [("data", data)]))
