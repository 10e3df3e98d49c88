"""A sweep on a Ray cluster (Moritz et al. 2018, arXiv:1712.05889): its parts are tasks, played wherever a core is free.

A part is the same wherever and however often it is played: Ray gives those of a worker or a machine that was lost to others.
Tables come back as they are done, and are written here; the cluster holds nothing of a sweep that is not in play.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gandash.config import GameConfig, flop_per_step
from gandash.sweeps import arriving
from gandash.sweeps.cost import Part
from gandash.sweeps.local import Progress, SweepFailed
from gandash.sweeps.results import Results, versions, write_part

VERSION = "2.60.0"  # of Ray, which must be the cluster's
AUTO = "auto"
PARTS_PER_CORE = 2  # that are asked for at a time: one is played and one waits, so that no core waits for this process
RETRIES = 5  # of a part whose worker or machine is lost
CONNECT_SECONDS = 5.0
WAIT_SECONDS = 0.2  # at most, until it is asked again whether to go on
LOOK_SECONDS = 5.0  # until it is looked again how many cores there are
ROOT = Path(__file__).parents[2]

_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))  # the frame that both sides of HTTP/2 begin with (RFC 9113, 3.4 and 6.5)
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS


class NoCluster(ValueError):
    """There is no cluster to play on: says why, and what to try."""


@contextmanager
def connected(address: str, cores: int | None = None) -> Iterator[Cluster]:
    """The cluster at HOST:PORT, at ray://HOST:PORT, or at "auto" the one that this machine belongs to; of its cores at most so
    many. Raises NoCluster."""
    if find_spec("ray") is None:
        raise NoCluster(f"{address}: Ray is not installed here: pip install ray=={VERSION}")
    import ray

    if ray.is_initialized():  # a notebook's own connection is used, and left
        yield Cluster(cores)
        return
    _must_answer(address)
    with _signals_kept():
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # whatever it is: there is no cluster
            raise NoCluster(f"{address}: {_first_line(error)}") from None
    try:
        yield Cluster(cores)
    finally:
        ray.shutdown()  # what is in play there ends with it


class Cluster:
    """The connection there is."""

    def __init__(self, limit: int | None = None) -> None:
        import ray

        self._ray, self._limit = ray, limit
        ray.cloudpickle.register_pickle_by_value(arriving)
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
        task, always = ray.remote(arriving.play_part), {"num_cpus": 1, "max_retries": RETRIES, "name": "gandash.sweep"}
        on_gpu = task.options(**always, num_gpus=1)
        # Ray leaves GPUs in sight of tasks that asked for none; with another environment they have other processes, too
        off_gpu = task.options(**always, **({"runtime_env": {"env_vars": {"CUDA_VISIBLE_DEVICES": ""}}} if self._gpus else {}))

        def ask(part: Part) -> Any:
            takes_gpu = self._gpus and gains_by_gpu(results.sweep.cell(part.cells[0]).config)
            return (on_gpu if takes_gpu else off_gpu).remote(code, archive, sweep, list(part.cells))

        return ask


def gains_by_gpu(config: GameConfig) -> bool:
    """Whether games like this are given a GPU, where the cluster has any: as on one machine (`gandash.game.device`)."""
    from gandash.game.device import WORTHWHILE

    wanted = config.run.device
    return wanted == "cuda" or (wanted == "auto" and flop_per_step(config) >= WORTHWHILE)


def _found(ray: Any, part: Part, played: Any) -> tuple[float, Any]:
    """What came of a part. Raises SweepFailed."""
    try:
        found = ray.get(played)
    except ray.exceptions.RayError as error:
        why = _first_line(
            getattr(error, "cause", None) or error
        )  # what Ray says of an exception there begins with its own signs
        raise SweepFailed(f"part {part.number} of the sweep could not be played on the cluster: {why}") from None
    if isinstance(found, str):
        raise SweepFailed(found)
    seconds, table = found
    return seconds, table


def _must_answer(address: str) -> None:
    """Ray would try for a quarter of an hour. Raises NoCluster."""
    address = os.environ.get("RAY_ADDRESS", AUTO) if address == AUTO else address
    if address == AUTO:  # Ray looks among this machine's processes
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise NoCluster(f"{address}: this is no address; give auto, or HOST:PORT as `ray start --head` prints it")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as there:
            there.sendall(_HELLO)
            answer = there.recv(len(_SETTINGS))
    except OSError as error:
        told = f"nothing answers there ({error.strerror or error})"
        raise NoCluster(f"{address}: {told}; is `ray start --head` running?") from None
    if answer[3:4] != _SETTINGS[3:4] and os.environ.get("RAY_USE_TLS", "0") == "0":
        raise NoCluster(f"{address}: whoever answers there is no Ray; give HOST:PORT as `ray start --head` prints it")


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
