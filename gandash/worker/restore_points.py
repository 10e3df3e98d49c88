"""The states that games can go on from: a checkpoint on disk, should the worker be lost, and in memory, should one diverge."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from gandash.wire.messages import Event, Saved, Unsaved
from gandash.words import finished, of_system
from gandash.worker.cause import LONGEST_SECONDS, Cause, cause_of
from gandash.worker.checkpoint import save
from gandash.worker.games import Games, GamesSnapshot

log = logging.getLogger("gandash.worker")

CHECKPOINT_SECONDS = 1.0  # a small game takes a millisecond to save; a crash costs at most this
SNAPSHOT_SECONDS = 1.0  # how far apart the states are that a diverged game can go back to


class RestorePoints:
    """Of these games, whose checkpoint is a file in `directory`. `tell` hears of each one saved, and once where none can be."""

    def __init__(self, games: Games, directory: Path, tell: Callable[[Event], None], clock: Callable[[], float]) -> None:
        self._path = directory / "checkpoint.safetensors"
        self._tell, self._clock = tell, clock
        self._saved_at = self._snapshot_at = clock()
        self._saved_step = -1
        self._cannot_save = False
        self._snapshots = [games.snapshot()]  # finite, the older one first; at most two
        self._known = self._snapshots[0]  # the newest finite state since which no setting was changed

    # ------------------------------------------------------------------------------------------------------- on disk

    def is_due(self, games: Games, now: float) -> bool:
        """Whether it is time for a checkpoint, and there is something new to save."""
        return now >= self._saved_at + CHECKPOINT_SECONDS and games.step != self._saved_step

    def save(self, games: Games, generation: int) -> None:
        self._saved_at = self._clock()
        try:
            save(self._path, games.trajectories)
        except OSError as error:  # a full disk must not end the show; the checkpoint before stays
            if not self._cannot_save:  # once: the next attempt is a second away
                self._cannot_save = True
                log.warning("no checkpoint at step %d: %s", games.step, error)
                # No path of the server's on a person's screen
                reason = of_system(error) if error.strerror else finished(str(error).split(": ")[-1])
                self._tell(Unsaved(generation=generation, step=games.step, reason=reason))
            return
        self._saved_step, self._cannot_save = games.step, False
        self._tell(Saved(generation=generation, step=games.step, path=str(self._path)))

    # ----------------------------------------------------------------------------------------------------- in memory

    @property
    def to_go_back_to(self) -> GamesSnapshot:
        """Not the newest finite state, which is on the brink of divergence, but one about a second or two before."""
        return self._snapshots[0]

    def keep(self, games: Games, now: float) -> None:
        """These games are finite now: keep their states, where the last kept are old enough."""
        if now >= self._snapshot_at + SNAPSHOT_SECONDS:
            self._snapshot_at = now
            self._known = games.snapshot()
            self._snapshots = [*self._snapshots[-1:], self._known]

    def settings_changed(self, games: Games) -> None:
        """Rounds before this moment had other settings: a cause is looked for from here on."""
        self._known = games.snapshot()

    def go_back(self, games: Games) -> None:
        """Set the games back to where they were last safe."""
        kept = self.to_go_back_to
        self._snapshots, self._known = [kept], kept
        games.restore(kept)

    def cause(self, games: Games, i: int, step: int) -> Cause:
        """Why game i is no longer finite from this step on. It takes `LONGEST_SECONDS` at most."""
        until = self._clock() + LONGEST_SECONDS
        trajectory = games.trajectories[i]
        return cause_of(self._known.members[i], trajectory.changes, trajectory.config, step, lambda: self._clock() > until)
