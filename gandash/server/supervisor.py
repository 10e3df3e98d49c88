"""Starts, watches, restarts and ends workers, and knows who may see or steer which run."""

from __future__ import annotations

import atexit
import hmac
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from gandash.config import GameConfig
from gandash.server.admission import check_affordable
from gandash.server.classroom import Classroom
from gandash.server.cluster import Cluster
from gandash.server.forkserver import ForkServer, Spawned, can_fork
from gandash.server.health import Limits, given_up
from gandash.server.opening import Opened
from gandash.server.origin import BranchPoint
from gandash.server.process import WorkerProcess
from gandash.server.recording import ROOM_SECONDS, Records
from gandash.server.run import Run
from gandash.store.format import BrokenRun
from gandash.wire.browser import Role
from gandash.words import of_system, say, words_of

log = logging.getLogger("gandash.supervisor")

SPARE_PAUSE_SECONDS = 30.0  # pause before the next spare, where one has died


class Unavailable(RuntimeError):
    """No other run can begin now; the message says why, in words for the person who wanted one."""


class Supervisor:
    """Owns all runs and their workers, and knows whose each run is. All methods may be called from any thread.

    `start_worker` makes a worker, instead of forking one. `forkserver` is one that is being started already; with a `cluster`,
    workers are there and not on this machine.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        start_worker: Callable[[], WorkerProcess] | None = None,
        forkserver: ForkServer | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self.limits = limits or Limits.from_environment()
        self._cluster = cluster
        forks = start_worker is None and cluster is None and can_fork()
        self._forkserver = forkserver or (ForkServer() if forks else None)
        self._start_worker = start_worker or (cluster.start if cluster else self._fork_or_spawn)
        self._lock = threading.RLock()
        self._spare_lock = threading.Lock()  # apart from `_lock`, whose holder may wait for a run that is just taking a worker
        self._runs: dict[str, Run] = {}
        self._seats = 0  # of runs, that something else takes
        self._owners: dict[str, str] = {}  # run id -> visitor
        self._promised: WeakValueDictionary[tuple[str, str], Run] = WeakValueDictionary()  # by visitor and name in the address
        self._spare: WorkerProcess | None = None
        self._no_spare_before = 0.0
        self._records = Records()
        self.classroom = Classroom()
        self._closed = threading.Event()
        self._directory = Path(tempfile.mkdtemp(prefix="gandash-"))
        atexit.register(self.close)
        self.warm_up()
        self._housekeeping = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)
        self._housekeeping.start()
        threading.Thread(target=self._keep_records, name="records", daemon=True).start()

    # ---------------------------------------------------------------------------------------------------------- runs

    def create(
        self,
        config: GameConfig,
        title: str,
        visitor: str = "",
        speed: float | None = None,
        branch: BranchPoint | None = None,
        opened: Opened | None = None,
    ) -> Run:
        """A new run of the ready game of this title, paused at step 0, or where it branches off; or what a link was `opened`
        to, which is told by that game.

        Raises Unavailable, when there are too many and none is unwatched, and SettingError for a game that is too large.
        """
        check_affordable([config])  # before a folder and a worker are taken for it
        with self._lock:
            if self._closed.is_set():
                raise Unavailable(say("The server is shutting down."))
            self._end_one_if_full(self._shortage())
            try:
                if not self._directory.is_dir():  # somebody tidied up the folder of temporary files
                    self._directory = Path(tempfile.mkdtemp(prefix="gandash-"))
                directory = Path(tempfile.mkdtemp(dir=self._directory))
            except OSError as error:
                raise Unavailable(
                    say("There is no room on the server's disk ({error}). Free some, and try again.", error=of_system(error))
                ) from error
            try:
                record = partial(self._records.new, visitor)
                run = Run(config, title, speed, directory, self._take_worker, record, branch, opened)
            except BrokenRun:
                shutil.rmtree(directory, ignore_errors=True)
                raise
            except OSError as error:
                shutil.rmtree(directory, ignore_errors=True)
                raise Unavailable(
                    say("No worker could be started ({error}). Try again in a moment.", error=words_of(error))
                ) from error
            self._runs[run.id] = run
            self._owners[run.id] = visitor
            return run

    def branch(self, point: BranchPoint, visitor: str, speed: float | None = None) -> Run:
        """A new run that goes on from a step of a recorded one, paused there. Raises Unavailable, SettingError, BrokenRun."""
        return self.create(point.configs[0], point.origin.title, visitor, speed, point)

    def recorded_as(self, record: str, visitor: str) -> Run | None:
        """This visitor's own live run that is recorded under this id."""
        mine = [run for run in self.runs if run.record == record and not run.has_ended]
        return next((run for run in mine if self._belongs(run, visitor)), None)

    def _shortage(self) -> str:
        """What a cluster lacks for another run, in words."""
        if self._cluster is None or ((spare := self._spare) is not None and spare.is_alive and not spare.delay):
            return ""
        return self._cluster.shortage()

    def _end_one_if_full(self, shortage: str = "") -> None:
        live = [r for r in self._runs.values() if not r.has_ended]
        is_full = len(live) + self._seats >= self.limits.runs
        if not is_full and not shortage:
            return
        now = time.monotonic()
        # Neither a run that was left a moment ago, perhaps to be reloaded, nor one that no page shows yet makes room
        left = {r: seconds for r in live if (seconds := r.unwatched_seconds(now)) > self.limits.absence_seconds}
        loneliest = max((r for r in left if not r.is_expected(now)), key=lambda r: left[r], default=None)
        if loneliest is None and not is_full:
            raise Unavailable(shortage)
        if loneliest is None:
            raise Unavailable(
                say(
                    "{count} runs are alive, as many as this server allows ({most}). "
                    "Try again when somebody has closed a tab, or raise GANDASH_RUNS.",
                    count=len(live),
                    most=self.limits.runs,
                )
            )
        loneliest.end(say("This run was unwatched and made room for another."))

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A run's place for something else that takes as much of the machine. Raises Unavailable where there is none."""
        with self._lock:
            self._end_one_if_full()
            self._seats += 1
        try:
            yield
        finally:
            with self._lock:
                self._seats -= 1

    def find(self, run_id: str, visitor: str) -> Run | None:
        """This visitor's own live run by its id."""
        with self._lock:
            run = self._runs.get(run_id)
            return run if run is not None and self._belongs(run, visitor) and not run.has_ended else None

    def admit(self, token: str) -> tuple[Run, Role] | None:
        """The run that this token opens, and whether it may steer or only watch; None for an unknown one.

        Compared in constant time.
        """
        with self._lock:
            for run in self._runs.values():
                for role, secret in run.tokens.items():
                    if hmac.compare_digest(secret.encode(), token.encode(errors="surrogatepass")):
                        return run, role
        return None

    def kept_for(self, visitor: str) -> Run | None:
        """The run that this visitor left last, if it is still kept and nobody looks at it; None without one.

        It is promised to the caller: another tab that is opened in the same second does not get it too. Nor does the caller
        get a run that another tab is about to show.
        """
        with self._lock:
            now = time.monotonic()
            mine = [r for r in self._runs.values() if self._belongs(r, visitor) and not r.has_ended]
            left = {r: seconds for r in mine if (seconds := r.unwatched_seconds(now)) > 0 and not r.is_expected(now)}
            found = min(left, key=lambda r: left[r], default=None)
            if found is not None:
                found.expect_viewer()
            return found

    def arrive(self, name: str, visitor: str, begin: Callable[[], Run], by_link: bool = False) -> Run:
        """The run for a tab that was opened at an address with the `name` of a run: that run, else the one that this visitor
        left, else what `begin` makes. Where the address has a link, `by_link`, it is that run or what `begin` makes.

        A page asks twice: its script and its live view do not wait for each other. The second gets what the first got.
        """
        with self._lock:
            found = self.find(name, visitor)
            promised = self._promised.pop((visitor, name), None)
            if found is None and promised is not None and not promised.has_ended:
                found = promised
            elif found is None:
                found = (None if by_link else self.kept_for(visitor)) or begin()
                if visitor and name:
                    self._promised[visitor, name] = found
            found.expect_viewer()
            return found

    def _belongs(self, run: Run, visitor: str) -> bool:
        owner = self._owners.get(run.id, "")  # a cookie may hold anything, lone surrogates too
        return bool(visitor) and hmac.compare_digest(*(name.encode(errors="surrogatepass") for name in (owner, visitor)))

    @property
    def runs(self) -> tuple[Run, ...]:
        with self._lock:
            return tuple(self._runs.values())

    # ------------------------------------------------------------------------------------------------------- workers

    def warm_up(self) -> None:
        """Have one worker ready: play must answer at once."""
        with self._spare_lock:
            if self._closed.is_set() or (self._spare is not None and self._spare.is_alive):
                return
            now = time.monotonic()
            if self._spare is not None:  # else a worker that cannot even start would be started again and again
                self._spare.end()
                self._spare, self._no_spare_before = None, now + SPARE_PAUSE_SECONDS
                log.warning("the spare worker ended by itself; see above for why")
            if now >= self._no_spare_before and not (self._cluster and self._cluster.shortage()):
                try:
                    self._spare = self._start_worker()
                except OSError as error:  # runs are begun without one
                    self._no_spare_before = now + SPARE_PAUSE_SECONDS
                    log.warning("no spare worker could be started: %s", error)

    def _fork_or_spawn(self) -> WorkerProcess:
        return WorkerProcess(self._forkserver.fork() if self._forkserver is not None else Spawned())

    def _take_worker(self) -> WorkerProcess:
        with self._spare_lock:
            if self._spare is None or not self._spare.is_alive:
                return self._start_worker()
            spare, self._spare = self._spare, None
            return spare

    # -------------------------------------------------------------------------------------------------- housekeeping

    def _keep_house(self) -> None:
        while not self._closed.wait(0.5):
            try:
                self.supervise(time.monotonic())
            except Exception:  # one bad round must not end the housekeeping of all runs
                log.exception("housekeeping")

    def _keep_records(self) -> None:
        while True:
            self._records.keep_within_limit()
            if self._closed.wait(ROOM_SECONDS):
                return

    def supervise(self, now: float) -> None:
        """Pause and end unwatched runs, replace silent workers, keep a spare warm. Called twice a second."""
        self.classroom.supervise(now, self.limits)
        for run in self.runs:
            run.supervise(now, self.limits)
            # A run that has ended is kept until its viewers were told, and a while longer: they may ask again
            if run.has_ended and run.unwatched_seconds(now) > self.limits.absence_seconds:
                run.end(say(""))
                if not run.has_worker:
                    self._forget(run)
        if (spare := self._spare) is not None and spare.is_alive and (reason := given_up(spare, now, self.limits)):
            log.warning("the spare worker is given up: %s", reason)
            spare.kill(reason)
        if self._forkserver is not None:
            self._forkserver.replace_dead(now)
        # The next spare starts once the newest run draws: where it is not forked, importing torch would delay its first frame
        if all(r.facts for r in self.runs if not r.has_ended):
            self.warm_up()

    def _forget(self, run: Run) -> None:
        with self._lock:
            self._runs.pop(run.id, None)
            self._owners.pop(run.id, None)
        shutil.rmtree(run.directory, ignore_errors=True)

    def close(self) -> None:
        """End every worker, and return when they are gone; also at exit of the process."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
        atexit.unregister(self.close)
        with self._spare_lock:
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.end()
        for run in self.runs:
            run.end(say("The server is shutting down."))
        if self._forkserver is not None:
            self._forkserver.close()
        for run in self.runs:
            run.wait_for_worker()
        if spare is not None:
            spare.wait()
        if self._cluster is not None:
            self._cluster.close()
        shutil.rmtree(self._directory, ignore_errors=True)
