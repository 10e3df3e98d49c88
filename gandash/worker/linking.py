"""The link of the games that are played: what the page's address says of them."""

from __future__ import annotations

from gandash.links import Writer, Written, fingerprint
from gandash.links.writing import here
from gandash.store.keyframes import state_hash
from gandash.wire.browser import LinkParts
from gandash.wire.messages import Change
from gandash.worker.games import Games
from gandash.worker.keyframe import state_of
from gandash.worker.recording import versions

LARGEST_HASHED = 20_000_000  # bytes of a state: more would be felt at each pause


class Linker:
    """Of these games; `preset` is what they are told by, `record` the id under which they are recorded."""

    def __init__(self, games: Games, preset: str, record: str) -> None:
        engines = [t.engine for t in games.trajectories]
        self._writer = Writer([t.initial_config for t in games.trajectories], engines, preset, record)
        self._versions = fingerprint(versions("compiled" in engines))
        self._changes: tuple[tuple[Change, ...], ...] | None = None
        self._written: Written | None = None
        self._stood: tuple[int, str] | None = None  # the step where they stood still, and what the link said of that

    def news(self, games: Games, still: bool) -> LinkParts | None:
        """The link, where it is another than it was: something was changed, or they stand `still` somewhere else."""
        changes = tuple(t.changes for t in games.trajectories)
        is_same = self._changes is not None and all(a is b for a, b in zip(changes, self._changes, strict=True))
        if is_same and not (still and (self._stood is None or self._stood[0] != games.step)):
            return None
        if not is_same or self._written is None:
            self._changes, self._written = changes, self._writer.link(changes)
        if still:
            self._stood = games.step, here(games.step, self._state(games), self._versions)
        elif not is_same:
            self._stood = None
        step, end = self._stood or (0, "")
        return LinkParts(text=self._written.text, step=step, here=end, until=self._written.until, missing=self._written.missing)

    def _state(self, games: Games) -> str:
        size = sum(t.nbytes for trajectory in games.trajectories for t in trajectory.state.tensors.values())
        return state_hash(state_of(games)) if size <= LARGEST_HASHED else ""
