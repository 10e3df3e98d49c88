"""Where the server's runs are recorded, and that they take no more room than they may."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from gandash.server.origin import Origin
from gandash.store.format import BrokenRun
from gandash.store.places import is_wanted, new_id, owner_of, runs_home
from gandash.store.retention import make_room
from gandash.wire.messages import Recording
from gandash.words import say, words_of

log = logging.getLogger("gandash.supervisor")

ROOM_SECONDS = 60.0  # how far apart it is looked whether there is room


NewRecording = Callable[[Origin, Sequence[str]], tuple[Recording | None, str]]


def no_recording(origin: Origin, labels: Sequence[str]) -> tuple[Recording | None, str]:
    """Of a run that is not to be recorded."""
    return None, ""


class Records:
    """Gives runs their folders, and sees to it that all of them together keep within the limit."""

    def __init__(self) -> None:
        self._refused = ""  # why no more are recorded

    def new(self, visitor: str, origin: Origin, labels: Sequence[str]) -> tuple[Recording | None, str]:
        """A folder for a visitor's run that begins now; None where it is not recorded, with why in words, if that is news."""
        if not is_wanted():
            return None, ""
        if self._refused:
            return None, say("This run is not recorded: {reason}.", reason=self._refused)
        run = new_id()
        try:
            directory = str(runs_home() / run)
        except OSError as error:
            return None, say("This run is not recorded: {reason}.", reason=words_of(error))
        made = Recording(
            directory=directory,
            id=run,
            title=origin.present_title,
            preset=origin.preset,
            owner=owner_of(visitor),
            labels=tuple(labels),
        )
        return made, ""

    def keep_within_limit(self) -> None:
        """It reads folders: not to be called where anybody waits."""
        refused = ""
        try:
            if is_wanted():
                make_room()
        except (OSError, BrokenRun) as error:
            refused = words_of(error)
        if refused and refused != self._refused:
            log.warning("new runs are not recorded: %s", refused)
        self._refused = refused
