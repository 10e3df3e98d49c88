"""Which runs are presented, by their codes, and who may present."""

from __future__ import annotations

import hmac
import logging
import os
import threading
import time

from gandash.server.admission import Refusal
from gandash.server.attempts import Attempts
from gandash.server.health import Limits
from gandash.server.presentation import Presentation, read_code
from gandash.server.run import Run
from gandash.words import say

log = logging.getLogger("gandash.classroom")

WORD = "GANDASH_PRESENT_WORD"
STOPPED = say("The presenter has stopped presenting.")


class WordWanted(Refusal):
    """This server asks for a word before somebody presents."""


class Classroom:
    """All methods may be called from any thread."""

    def __init__(self) -> None:
        self._by_code: dict[str, Presentation] = {}
        self._left: dict[Presentation, float] = {}  # since when its presenter is away
        self._lock = threading.RLock()
        self._words = Attempts(each=5, each_per_second=1 / 20, all=50, all_per_second=1)
        # A whole lecture may come from one address, and mistype; of all codes not one in a million is tried in a day
        self._codes = Attempts(each=60, each_per_second=1, all=300, all_per_second=5)

    def present(self, run: Run, word: str, who: str) -> Presentation:
        """Show this run; what is shown already stays. `who` is where this comes from. Raises Refusal, or WordWanted."""
        if (shown := self.of(run)) is not None:
            return shown
        self._check_word(word, who, time.monotonic())
        if run.has_ended:
            raise Refusal(say("this run has ended; there is nothing to present"))
        with self._lock:
            made = self.of(run) or Presentation(run)  # another tab may have been as quick
            self._by_code[made.code] = made
            return made

    def of(self, run: Run) -> Presentation | None:
        """What this run is presented as, if it is."""
        with self._lock:
            return next((one for one in self._by_code.values() if one.run is run and not one.over), None)

    def _check_word(self, word: str, who: str, now: float) -> None:
        wanted = os.environ.get(WORD, "").strip()
        if not wanted:
            return
        if not word.strip():
            raise WordWanted("")
        if not self._words.may(who, now):
            raise WordWanted(say("Too many wrong words were given. Wait a minute, and try again."))
        if not hmac.compare_digest(*(text.strip().encode(errors="surrogatepass") for text in (word, wanted))):
            self._words.note(who, now)
            log.warning("a wrong word was given by %s, who wanted to present", who)
            raise WordWanted(say("That is not the word which this server asks of those who present."))

    def find(self, code: str, who: str) -> Presentation | None:
        """What is presented under this code; None for an unknown one. Raises Refusal where too many wrong ones were tried."""
        now = time.monotonic()
        if not self._codes.may(who, now):
            raise Refusal(say("too many wrong codes came from here; wait a moment, and try again"))
        with self._lock:
            found = self._by_code.get(read_code(code))
        if found is None or found.over:
            self._codes.note(who, now)
            return None
        return found

    def of_token(self, token: str) -> Presentation | None:
        """What those see who have this token; compared in constant time."""
        with self._lock:
            for one in self._by_code.values():
                if not one.over and hmac.compare_digest(one.token.encode(), token.encode(errors="surrogatepass")):
                    return one
        return None

    def supervise(self, now: float, limits: Limits) -> None:
        """End what has lost its run, or whose presenter does not come back; forget what is over."""
        with self._lock:
            presented = tuple(self._by_code.values())
        for one in presented:
            if one.run.has_ended:
                one.end(say("The run that was presented has ended."))
            elif one.run.is_steered:
                self._left.pop(one, None)
            elif now - self._left.setdefault(one, now) > limits.grace_seconds:
                one.end(say("The presenter has gone, and did not come back."))
            if one.over:
                self._left.pop(one, None)
                with self._lock:
                    self._by_code.pop(one.code, None)
