"""`python -m gandash.cluster.broker ADDRESS CPUS`: asks a Ray cluster for places for workers, on behalf of a server.

It is a process of its own: Ray takes signals for itself, and ends a process whose cluster is gone. What workers say does not
come by here: the server speaks with each of them. Orders are JSON lines on stdin (`Place`, `Leave`), news JSON lines on stdout
(`Placed`, `Free`). End of file on stdin means that the server is gone; the cluster then ends the workers that are left.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from gandash.cluster import arriving
from gandash.cluster.arriving import ROOT
from gandash.cluster.joining import NoCluster, first_line, joined
from gandash.cluster.versions import versions
from gandash.wire.model import Message
from gandash.words import Said, finished, words_of

LISTEN = "gandash.worker.hosted:listen"
WAIT_SECONDS = 0.05
FREE_SECONDS = 1.0  # how far apart it is told what is free
RETRIES = 5  # of a worker that is lost before it is there
SETTLE_SECONDS = 2.0  # until the cluster's own count has heard of who was placed


class Place(Message):
    """A worker is wanted, whose channel opens to whoever has the token. `engine`: as GANDASH_ENGINE says here."""

    type: Literal["place"] = "place"
    worker: int
    token: str
    engine: str = ""


class Leave(Message):
    """A worker is not wanted any more."""

    type: Literal["leave"] = "leave"
    worker: int


Order = Annotated[Place | Leave, Field(discriminator="type")]
order_adapter: TypeAdapter[Order] = TypeAdapter(Order)


class Placed(Message):
    """A worker listens there; or none could be placed, and why, in words."""

    type: Literal["placed"] = "placed"
    worker: int
    host: str = ""
    port: int = 0
    pid: int = 0
    why: Said = Said("")


class Free(Message):
    """CPUs of the cluster that nothing uses or waits for, and all of them; or why there is no cluster, in words. Workers up to
    number `until` are taken into account."""

    type: Literal["free"] = "free"
    free: float = 0.0
    all: float = 0.0
    until: int = 0
    why: Said = Said("")


News = Annotated[Placed | Free, Field(discriminator="type")]
news_adapter: TypeAdapter[News] = TypeAdapter(News)


class Broker:
    """The actors that there are, by the numbers of their workers."""

    def __init__(self, ray: Any, cpus: float) -> None:
        self._ray, self._cpus = ray, cpus
        self._code = (arriving.name_of(ROOT), str(ROOT), versions())
        self._archive = ray.put(arriving.packed(ROOT))
        self._host = ray.remote(arriving.Host).options(num_cpus=cpus, max_restarts=0, name=None, max_concurrency=1)
        self._actors: dict[int, Any] = {}
        self._coming: dict[Any, Place] = {}  # what will tell where a worker is, and what was ordered
        self._tries: dict[int, int] = {}  # how often a worker was lost before it was there
        self._settling: list[float] = []  # when workers were placed
        self._newest = 0  # worker that was asked for
        self._told = -FREE_SECONDS

    def follow(self, order: Place | Leave) -> None:
        if isinstance(order, Leave):
            actor = self._actors.pop(order.worker, None)
            self._tries.pop(order.worker, None)
            self._coming = {coming: placed for coming, placed in self._coming.items() if placed.worker != order.worker}
            if actor is not None:
                self._ray.kill(actor)
            return
        self._newest = max(self._newest, order.worker)
        actor = self._actors[order.worker] = self._host.remote()
        coming = actor.call.remote(self._code, self._archive, LISTEN, order.token, order.engine)
        self._coming[coming] = order

    def news(self) -> list[Placed | Free]:
        """What has come about. It takes `WAIT_SECONDS` at most where somebody is being placed, and a moment else."""
        told: list[Placed | Free] = []
        if self._coming:
            for done in self._ray.wait([*self._coming], timeout=WAIT_SECONDS)[0]:
                told += self._placed(self._coming.pop(done), done)
        now = time.monotonic()
        if told or now - self._told >= FREE_SECONDS:
            self._told = now
            told.append(self._free(now))
        return told

    def _placed(self, order: Place, done: Any) -> list[Placed | Free]:
        """Where it is. A machine that is lost has workers sent to it for some seconds more: those are asked for again."""
        self._settling.append(time.monotonic())
        worker = order.worker
        try:
            why, at = self._ray.get(done)
        except self._ray.exceptions.RayError as error:
            why = finished(first_line(getattr(error, "cause", None) or error))
            self._tries[worker] = self._tries.get(worker, 0) + 1
            if isinstance(error, self._ray.exceptions.RayActorError) and self._tries[worker] <= RETRIES:
                self.follow(order)
                return []
        self._tries.pop(worker, None)
        if why:
            self._actors.pop(worker, None)
            return [Placed(worker=worker, why=Said.read(why))]
        host, port, pid = at
        return [Placed(worker=worker, host=host, port=port, pid=pid)]

    def _free(self, now: float) -> Free:
        """Who waits for a place will have it, and who has just got one may not be counted yet."""
        self._settling = [when for when in self._settling if now - when < SETTLE_SECONDS]
        taken = (len(self._coming) + len(self._settling)) * self._cpus
        free = float(self._ray.available_resources().get("CPU", 0.0))
        whole = float(self._ray.cluster_resources().get("CPU", 0.0))
        return Free(free=max(0.0, free - taken), all=whole, until=self._newest)


def main(address: str, cpus: float) -> int:
    """The exit status: 0 where the server went, 1 where there is no cluster."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a stray print must not come between
    orders: queue.SimpleQueue[Place | Leave | None] = queue.SimpleQueue()

    def tell(news: Placed | Free) -> None:
        print(news.model_dump_json(), file=channel, flush=True)

    def read() -> None:
        for line in sys.stdin:
            try:
                orders.put(order_adapter.validate_json(line))
            except ValidationError as error:
                print(f"gandash: not an order: {error}", file=sys.stderr)
        orders.put(None)

    try:
        with joined(address) as ray:
            threading.Thread(target=read, name="orders", daemon=True).start()
            broker = Broker(ray, cpus)
            while True:
                for each in broker.news():
                    tell(each)
                try:
                    order = orders.get(timeout=WAIT_SECONDS)
                except queue.Empty:
                    continue
                if order is None:
                    return 0
                broker.follow(order)
    except NoCluster as error:
        tell(Free(why=words_of(error)))
        return 1
    except BrokenPipeError:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
