"""A run that is shown to a room: its code, the lesson's step, the question that is put, and how the room votes."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from gandash.server.run import Run
from gandash.wire.classroom import LessonShown, Pointing, Presented, Presenting, QuestionShown, Voted
from gandash.words import say

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read as something else from the last row
LENGTH = 8  # 30^8, some 2^39: with the bound on wrong ones nobody guesses one within a lecture
MOST_VOTES = 20_000


def new_code() -> str:
    signs = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return f"{signs[:4]}-{signs[4:]}"


def read_code(text: str) -> str:
    """A code as somebody types it, with small letters, with spaces or without the dash.

    >>> read_code(" k7qm3xpd"), read_code("nonsense!")
    ('K7QM-3XPD', '')
    """
    signs = "".join(sign for sign in text.upper() if not sign.isspace() and sign not in "-–")
    return f"{signs[:4]}-{signs[4:]}" if len(signs) == LENGTH and set(signs) <= set(ALPHABET) else ""


@dataclass(frozen=True)
class Askable:
    """A question that may be put to the room, of the lesson's step `key`; `right` counts from 1."""

    key: str
    question: str
    options: tuple[str, ...]
    right: int
    why: str


@dataclass
class Question:
    """One that is put, and the vote of each voter, from 1."""

    id: int
    of: Askable
    votes: dict[str, int] = field(default_factory=dict)
    is_revealed: bool = False

    def shown(self, with_votes: bool) -> QuestionShown:
        tally = tuple(sum(vote == i for vote in self.votes.values()) for i in range(1, len(self.of.options) + 1))
        shown = QuestionShown(id=self.id, question=self.of.question, options=self.of.options)
        if with_votes or self.is_revealed:
            shown = shown.model_copy(update={"votes": tally})
        return shown.model_copy(update={"right": self.of.right, "why": self.of.why}) if self.is_revealed else shown


class Presentation:
    """All methods may be called from any thread. `token` opens what is recorded of the run to those who look on; code and
    token are worth nothing once it is `over`, which says why."""

    def __init__(self, run: Run) -> None:
        self.code, self.token = new_code(), secrets.token_urlsafe(24)
        self.run = run
        self.over = ""
        self.pointing = Pointing().model_dump_json()
        self.text, self.presenters_text = "", ""  # what each side is told, as JSON; another object whenever it is news
        self._lesson: LessonShown | None = None
        self._askable: Askable | None = None
        self._question: Question | None = None
        self._asked = 0  # questions so far: a vote names its question by this number
        self._viewers = 0
        self._lock = threading.RLock()
        self._wakes: set[Callable[[], None]] = set()
        self._touch()

    # ---------------------------------------------------------------------------------------------------- the presenter

    def move(self, run: Run) -> None:
        """Show another run of the presenter's from now on."""
        with self._lock:
            if self.over or run is self.run:
                return
            left, self.run = self.run, run
        left.wake()
        self._touch()

    def tell(self, lesson: LessonShown | None, askable: Askable | None) -> None:
        """Where the lesson stands. A question goes with the step that it belongs to."""
        with self._lock:
            if (lesson, askable) == (self._lesson, self._askable):
                return
            self._lesson, self._askable = lesson, askable
            if self._question and (askable is None or askable.key != self._question.of.key):
                self._question = None
        self._touch()

    def ask(self) -> str:
        """Put the question of the lesson's step. "" or why not, in words."""
        with self._lock:
            if self._askable is None:
                return say("this step of the lesson has no question to put to the room")
            if self._question is None:
                self._asked += 1
                self._question = Question(self._asked, self._askable)
        self._touch()
        return ""

    def reveal(self) -> str:
        with self._lock:
            if self._question is None:
                return say("no question has been put to the room")
            self._question.is_revealed = True
        self._touch()
        return ""

    def point(self, at: Pointing) -> None:
        """The newest is all that counts."""
        self.pointing = at.model_dump_json()
        self._wake()

    def end(self, why: str) -> None:
        with self._lock:
            if self.over:
                return
            self.over = why
        self._wake()
        self.run.wake()

    # ------------------------------------------------------------------------------------------------------- the others

    def vote(self, voter: str, question: int, option: int) -> str:
        """Each voter's first vote counts. "" or, in words, why this one does not."""
        with self._lock:
            now = self._question
            if now is None or question != now.id:
                return say("that question is over; your vote was not counted")
            if now.is_revealed:
                return say("the answer has been told; nobody votes any more")
            if option > len(now.of.options):
                return say("there is no option {option}; the question has {count}", option=option, count=len(now.of.options))
            if not voter:
                return say("this browser keeps no cookie, by which votes are told apart; allow it, and reload the page")
            if voter in now.votes:
                return say("you have voted; everybody votes once")
            if len(now.votes) >= MOST_VOTES:
                return say("{count} votes were cast, and no more are counted", count=f"{MOST_VOTES:,}")
            now.votes[voter] = option
        self._touch()
        return ""

    def vote_of(self, voter: str) -> str:
        """What this voter chose for the question that is put, as JSON; "" where nothing."""
        with self._lock:
            option = self._question.votes.get(voter) if self._question else None
            return Voted(question=self._question.id, option=option).model_dump_json() if self._question and option else ""

    def count(self, viewers: int) -> None:
        """So many look on."""
        with self._lock:
            if viewers == self._viewers:
                return
            self._viewers = viewers
        self._touch()

    def on_news(self, wake: Callable[[], None], wanted: bool) -> None:
        """`wake` is called, from any thread, when there is news for those who look on, as long as it is wanted."""
        with self._lock:
            (self._wakes.add if wanted else self._wakes.discard)(wake)

    # ------------------------------------------------------------------------------------------------------------- news

    def _touch(self) -> None:
        with self._lock:
            question = self._question
            can_ask = self._askable is not None and question is None
            shown = Presented(
                code=self.code, token=self.token, lesson=self._lesson, question=question and question.shown(with_votes=False)
            )
            to_presenter = Presenting(
                code=self.code, viewers=self._viewers, can_ask=can_ask, question=question and question.shown(with_votes=True)
            )
            is_news = (text := shown.model_dump_json()) != self.text
            self.text = text if is_news else self.text
            self.presenters_text = to_presenter.model_dump_json()
        self.run.wake()
        if is_news:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()
