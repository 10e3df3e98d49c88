"""A sweep on a Ray cluster (Moritz et al. 2018, arXiv:1712.05889): its parts are tasks, played wherever a core is free.

A part is the same wherever and however often it is played: Ray gives those of a worker or a machine that was lost to others.
Tables come back as they are done, and are written here; the cluster holds nothing of a sweep that is not in play.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gandash.cluster import arriving
from gandash.cluster.arriving import ROOT
from gandash.cluster.joining import first_line, joined
from gandash.cluster.versions import versions
from gandash.config import GameConfig, flop_per_step
from gandash.config.setting import SettingError
from gandash.sweeps.cost import Part
from gandash.sweeps.local import Progress, SweepFailed
from gandash.sweeps.results import Results, write_part
from gandash.words import say, words_of

PLAY = "gandash.sweeps.cluster:play_part"
PARTS_PER_CORE = 2  # that are asked for at a time: one is played and one waits, so that no core waits for this process
RETRIES = 5  # of a part whose worker or machine is lost
WAIT_SECONDS = 0.2  # at most, until it is asked again whether to go on
LOOK_SECONDS = 5.0  # until it is looked again how many cores there are


@contextmanager
def connected(address: str, cores: int | None = None) -> Iterator[Cluster]:
    """The cluster at this address (see `joined`); of its cores at most so many. Raises NoCluster."""
    with joined(address) as ray:
        yield Cluster(ray, cores)


class Cluster:
    """The connection there is."""

    def __init__(self, ray: Any, limit: int | None = None) -> None:
        self._ray, self._limit = ray, limit
        self._look()

    @property
    def cores(self) -> int:
        """That are used: all, or as many as are allowed. At least one, which may still have to be started."""
        return max(1, min(self._cores, self._limit or self._cores))

    def _look(self) -> None:
        there = self._ray.cluster_resources()
        self._cores, self._gpus = int(there.get("CPU", 0)), int(there.get("GPU", 0))
        self._looked = time.monotonic()

    def play_missing(
        self,
        results: Results,
        *,
        budget_seconds: float | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> Generator[Progress]:
        """As `local.play_missing`: what is missing is played; what has come of it, again and again, the same object.

        At most PARTS_PER_CORE parts for each core are asked for at a time, however many there are. Raises SweepFailed. Closing
        the iterator ends what is in play.
        """
        ray = self._ray
        coming, progress, began = deque(results.missing()), Progress(), time.monotonic()
        first = math.inf  # since when games are played
        ask = self._asking(results)
        in_play: dict[Any, Part] = {}

        def over() -> bool:
            return is_stopping() or (budget_seconds is not None and time.monotonic() - began >= budget_seconds)

        try:
            while True:
                if time.monotonic() - self._looked > LOOK_SECONDS:
                    self._look()
                while coming and len(in_play) < PARTS_PER_CORE * self.cores and not over():
                    part = coming.popleft()
                    in_play[ask(part)] = part
                if not in_play:
                    return
                ray.wait([*in_play], timeout=WAIT_SECONDS)
                done, _ = ray.wait([*in_play], num_returns=len(in_play), timeout=0)
                for played in done:
                    part = in_play.pop(played)
                    seconds, table = _found(ray, part, played)
                    write_part(results.path(part.number), table)
                    first = min(first, time.monotonic() - seconds)
                    progress.cells += len(part.cells)
                    progress.steps += sum(table["steps"].to_pylist())
                progress.seconds = max(0.0, time.monotonic() - first)
                yield progress
        finally:
            for played in in_play:
                ray.cancel(played, force=True)

    def _asking(self, results: Results) -> Callable[[Part], Any]:
        """What asks for a part, and gives the reference to what will come of it."""
        ray = self._ray
        code = (arriving.name_of(ROOT), str(ROOT), versions())
        archive, sweep = ray.put(arriving.packed(ROOT)), ray.put(results.sweep.model_dump(mode="json"))
        task, always = ray.remote(arriving.call), {"num_cpus": 1, "max_retries": RETRIES, "name": "gandash.sweep"}
        on_gpu = task.options(**always, num_gpus=1)
        # Ray leaves GPUs in sight of tasks that asked for none; with another environment they have other processes, too
        off_gpu = task.options(**always, **({"runtime_env": {"env_vars": {"CUDA_VISIBLE_DEVICES": ""}}} if self._gpus else {}))

        def ask(part: Part) -> Any:
            takes_gpu = self._gpus and gains_by_gpu(results.sweep.cell(part.cells[0]).config)
            return (on_gpu if takes_gpu else off_gpu).remote(code, archive, PLAY, sweep, list(part.cells))

        return ask


def gains_by_gpu(config: GameConfig) -> bool:
    """Whether games like this are given a GPU, where the cluster has any: as on one machine (`gandash.game.device`)."""
    from gandash.game.device import WORTHWHILE

    wanted = config.run.device
    return wanted == "cuda" or (wanted == "auto" and flop_per_step(config) >= WORTHWHILE)


def _found(ray: Any, part: Part, played: Any) -> tuple[float, Any]:
    """What came of a part. Raises SweepFailed."""
    try:
        why, found = ray.get(played)
    except ray.exceptions.RayError as error:
        why = first_line(getattr(error, "cause", None) or error)  # what Ray says of an exception begins with its own signs
        raise SweepFailed(
            say("part {number} of the sweep could not be played on the cluster: {why}", number=part.number, why=why)
        ) from None
    if why or isinstance(found, str):
        raise SweepFailed(why or found)
    seconds, table = found
    return seconds, table


def play_part(sweep: dict[str, Any], cells: Sequence[int]) -> tuple[float, Any] | str:
    """On a machine of the cluster: seconds and the table of these games; or why there is none, in words."""
    from gandash.sweeps.playing import play

    began = time.monotonic()
    try:
        table = play({"sweep": sweep, "cells": cells})
    except (SettingError, MemoryError, OSError) as error:
        return words_of(error) or type(error).__name__
    return time.monotonic() - began, table
