"""How fast it is, in ratios measured within one run: beside a plain PyTorch loop, beside bare matrix products, watched or not.

Rivals take turns in short slices and the median slice counts, by the CPU time that it took, so that whatever else the machine
does meets them all. Absolute times belong to this machine and this minute; the ratios travel better.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from gandash.bench import NAMES
from gandash.bench.live import change_seconds, measuring_share, paces, reactions, recorded_paces
from gandash.bench.rivals import CompiledEngine, Engine, PlainLoop, Products, duel, picture_duel, race
from gandash.config import GameConfig
from gandash.config.changes import with_followers
from gandash.config.data import BarsConfig, DigitsConfig, PicturesConfig
from gandash.game.compiled.making import make_ready
from gandash.game.compiled.plans import covers
from gandash.game.game import build_game
from gandash.packed import PackedPictures, pack_pictures
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.words import Said, listed, say
from gandash.worker.trajectory import be_reproducible

HAS_JAX = all(find_spec(name) is not None for name in ("jax", "optax"))
MEMBERS = 256  # of the population
THREADS = 2  # they are shared out to
CHANGES = 50  # of learning rate
PICTURES = 5000


@dataclass(frozen=True)
class Figure:
    """One measured number: what it is in words, the value wanted (None: none), and what it was computed from."""

    name: str
    value: float
    wanted: Said | None
    text: Said
    measured: dict[str, Any]


def figures(preset: Preset, seconds: float, only: Sequence[str] = ()) -> Iterator[Figure]:
    """All figures, or those named, one by one as they are measured, each within about `seconds`. Raises NothingToMeasure."""
    be_reproducible()
    measures = _measures(preset, seconds)
    assert tuple(measures) == NAMES
    with _compiled_rounds():
        for name in NAMES:
            if (not only or name in only) and (HAS_JAX or not name.startswith("jax")):
                yield measures[name]()


@contextmanager
def _compiled_rounds() -> Iterator[None]:
    """Live runs are played by compiled code, here and in workers, unless it cannot be kept or somebody wants it otherwise."""
    before = os.environ.get("GANDASH_ENGINE")
    with suppress(OSError):
        make_ready()
    os.environ.setdefault("GANDASH_ENGINE", "compiled")
    try:
        yield
    finally:
        if before is None:
            del os.environ["GANDASH_ENGINE"]


def _measures(preset: Preset, seconds: float) -> dict[str, Callable[[], Figure]]:
    """What measures each, in the order of `NAMES`."""
    of_pictures = say("{game} on {count} uploaded pictures of 28 × 28", game=preset.name, count=f"{PICTURES:,}")
    return {
        "plain_2x64": lambda: _against_plain("plain_2x64", duel(64, 256), seconds, 3.2),
        "plain_2x64_r1": lambda: _against_plain("plain_2x64_r1", duel(64, 256, 0.7), seconds, 3.5),
        "plain_2x14": lambda: _against_plain("plain_2x14", duel(14, 150), seconds, 6),
        "limit": lambda: _limit(seconds),
        "population": lambda: _population(seconds),
        "jax_2x64": lambda: _against_jax("jax_2x64", duel(64, 256), seconds, 1.1),
        "jax_2x14": lambda: _against_jax("jax_2x14", duel(14, 150), seconds, 1.3),
        "watched": lambda: _watched(preset, seconds),
        "measuring": lambda: _measuring(preset, seconds),
        "recording": lambda: _recording(preset, seconds),
        "plain_digits": lambda: _against_plain("plain_digits", picture_duel(DigitsConfig(), 16, 64), seconds, 1.3),
        "plain_pictures_16": lambda: _against_plain("plain_pictures_16", picture_duel(BarsConfig(), 16, 64), seconds, 1.3),
        "reaction": lambda: _reaction(preset, CHANGES),
        "live_change": lambda: _live_change(preset.config, "live_change", preset.name),
        "live_change_pictures": lambda: _live_change(with_pictures(preset.config), "live_change_pictures", of_pictures),
    }


def _against_plain(name: str, config: GameConfig, seconds: float, wanted: float) -> Figure:
    ours, plain = race([_engine(config), PlainLoop(config)], seconds)
    return Figure(
        name,
        plain / ours,
        _at_least(wanted),
        say(
            "times the plain loop's steps per second: {game} ({ours} : {theirs})",
            game=_words(config),
            ours=f"{1 / ours:.0f}",
            theirs=f"{1 / plain:.0f}",
        ),
        {"engine_seconds": ours, "plain_seconds": plain},
    )


def _engine(config: GameConfig) -> Engine | CompiledEngine:
    """Who plays such a game in a live run."""
    return CompiledEngine(config) if covers(build_game(config)) else Engine(config)


def _at_least(wanted: float) -> Said:
    return say("at least {value}", value=f"{wanted:g}")


def _at_most(wanted: float) -> Said:
    return say("at most {value}", value=f"{wanted:g}")


def _words(config: GameConfig) -> Said:
    data = (config.data.summary(),) if isinstance(config.data, PicturesConfig) else ()
    r1 = (say("R1, γ = {value}", value=f"{config.regulariser.r1:g}"),) if config.regulariser.r1 else ()
    return listed(*data, Said.read(config.generator.summary()), say("batch {batch}", batch=config.run.batch), *r1)


def _against_jax(name: str, config: GameConfig, seconds: float, wanted: float) -> Figure:
    from gandash.bench.jax_rival import JaxLoop

    ours, theirs = race([CompiledEngine(config), JaxLoop(config)], seconds)
    return Figure(
        name,
        theirs / ours,
        _at_least(wanted),
        say(
            "times the steps per second of 20 rounds under jax.jit and lax.scan: {game} ({ours} : {theirs})",
            game=_words(config),
            ours=f"{1 / ours:.0f}",
            theirs=f"{1 / theirs:.0f}",
        ),
        {"engine_seconds": ours, "jax_seconds": theirs},
    )


def _population(seconds: float) -> Figure:
    """By the clock on the wall, which is what two threads are for; beside it by CPU time, which a busy machine blurs less."""
    configs = [duel(32, 128, seed=seed) for seed in range(MEMBERS)]
    alone, together = CompiledEngine(*configs), CompiledEngine(*configs, threads=THREADS)
    plain = PlainLoop(configs[0])
    on_one, on_two, loop = race([alone, together, plain], seconds / 2)
    wall_one, wall_two, wall_loop = race([alone, together, plain], seconds / 2, time.perf_counter)
    each = {
        "engine_seconds": wall_two,
        "plain_seconds": wall_loop,
        "one_thread_seconds": wall_one,
        "member_step_cpu_seconds_one_thread": on_one / MEMBERS,
        "member_step_cpu_seconds_threads": on_two / MEMBERS,
        "plain_cpu_seconds": loop,
    }
    by_cpu = MEMBERS * loop
    return Figure(
        "population",
        MEMBERS * wall_loop / wall_two,
        _at_least(30),
        say(
            "times the plain loop's steps per second: {members} games of 2 × 32 ReLU, batch 128, played together by {threads} "
            "threads (by one {ratio}; a game's step costs {one} µs of CPU on one thread, {many} on {threads}, the plain loop's "
            "{times_one} and {times_many} times that)",
            members=MEMBERS,
            threads=THREADS,
            ratio=f"{MEMBERS * wall_loop / wall_one:.1f}",
            one=f"{1e6 * on_one / MEMBERS:.1f}",
            many=f"{1e6 * on_two / MEMBERS:.1f}",
            times_one=f"{by_cpu / on_one:.1f}",
            times_many=f"{by_cpu / on_two:.1f}",
        ),
        each | {"members": MEMBERS, "threads": THREADS},
    )


def _limit(seconds: float) -> Figure:
    config = duel(64, 256)
    ours, products = race([CompiledEngine(config), Products(config)], seconds)
    return Figure(
        "limit",
        ours / products,
        _at_most(1.4),
        say("times as long as the bare matrix products of the same step: {game}", game=_words(config)),
        {"engine_seconds": ours, "products_seconds": products},
    )


def _measuring(preset: Preset, seconds: float) -> Figure:
    share, steps_per_second = measuring_share(preset.config, seconds)
    return Figure(
        "measuring",
        share,
        _at_most(0.15) if preset is DEFAULT else None,
        say(
            "of a watched worker's CPU time goes to measuring for the curves: {game} ({steps} steps per second of CPU time)",
            game=preset.name,
            steps=f"{steps_per_second:.0f}",
        ),
        {"steps_per_cpu_second": steps_per_second},
    )


def _recording(preset: Preset, seconds: float) -> Figure:
    unrecorded, recorded = recorded_paces(preset.config, seconds)
    return Figure(
        "recording",
        recorded / unrecorded,
        _at_least(0.95) if preset is DEFAULT else None,
        say(
            "of the steps per second of CPU time of a run that is not recorded: {game} ({ours} : {theirs})",
            game=preset.name,
            ours=f"{recorded:.0f}",
            theirs=f"{unrecorded:.0f}",
        ),
        {"recorded_steps_per_cpu_second": recorded, "unrecorded_steps_per_cpu_second": unrecorded},
    )


def _watched(preset: Preset, seconds: float) -> Figure:
    unwatched, watched, frames = paces(preset.config, seconds)
    return Figure(
        "watched",
        watched / unwatched,
        _at_least(0.85) if preset is DEFAULT else None,
        say(
            "of the unwatched pace with one viewer at full rate: {game} ({ours} : {theirs} steps per second, {frames} frames)",
            game=preset.name,
            ours=f"{watched:.0f}",
            theirs=f"{unwatched:.0f}",
            frames=f"{frames:.0f}",
        ),
        {"unwatched_steps_per_second": unwatched, "watched_steps_per_second": watched, "frames_per_second": frames},
    )


def _reaction(preset: Preset, changes: int) -> Figure:
    found = np.array(reactions(preset.config, changes)) * 1000
    return Figure(
        "reaction",
        float(np.percentile(found, 95)),
        _at_most(150),
        say(
            "ms from a change of learning rate to the metrics of its first step, 95th percentile of {changes}: {game} "
            "(median {median})",
            changes=changes,
            game=preset.name,
            median=f"{np.median(found):.0f}",
        ),
        {"median_ms": float(np.median(found)), "longest_ms": float(found.max()), "changes": changes},
    )


def _live_change(config: GameConfig, name: str, game: str) -> Figure:
    found = 1000 * statistics.median(change_seconds(config, CHANGES))
    return Figure(
        name,
        found,
        _at_most(2),
        say("ms of the worker's time for a change of learning rate, median of {changes}: {game}", changes=CHANGES, game=game),
        {"changes": CHANGES},
    )


def with_pictures(config: GameConfig) -> GameConfig:
    """This game on `PICTURES` uploaded pictures of 28 × 28 with 6 grey levels, packed into 1.9 million characters."""
    pixels = 51 * np.random.default_rng(0).integers(0, 6, (PICTURES, 1, 28, 28), dtype=np.uint8)
    data = {"kind": "uploaded_pictures", "pixels": pack_pictures(PackedPictures(pixels, None))}
    return config.replace_all(with_followers(config, [("data", data)]))
