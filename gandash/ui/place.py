"""Where somebody stands in a lesson."""

from __future__ import annotations

from dataclasses import dataclass, field

from gandash.config import GameConfig
from gandash.lessons.catalogue import catalogue
from gandash.lessons.model import Lesson, Step
from gandash.words.languages import ENGLISH


@dataclass
class Place:
    """A step of a lesson, counted from 0. `settings` are those at its beginning, `since` the round of the run's game of this
    `generation` from which rounds count, None while a setting is still to be moved; `met`: all that it waits for was seen.
    `left`: the run that was left for the lesson; `language`: the one in which it is read."""

    lesson: Lesson
    step: int
    settings: GameConfig
    since: int | None
    generation: int
    met: bool = False
    answers: dict[int, int] = field(default_factory=dict)
    left: str = ""
    language: str = ENGLISH

    @property
    def now(self) -> Step:
        return self.lesson.steps[self.step]

    @property
    def told(self) -> Lesson:
        """The lesson in that language, where it is translated."""
        return catalogue().told(self.lesson, self.language)

    @property
    def key(self) -> str:
        """What the browser says when it has seen what this step waits for."""
        return f"{self.lesson.name}/{self.step}/{self.generation}/{self.since}"

    @property
    def answer(self) -> int | None:
        """The option that was chosen, from 1."""
        return self.answers.get(self.step)

    @property
    def is_revealed(self) -> bool:
        """Whether what comes after the prediction may be told."""
        return self.met and (self.now.predict is None or self.answer is not None)

    @property
    def restarts_next(self) -> bool:
        """Whether the step after this one begins another game."""
        return not self.is_last and self.lesson.steps[self.step + 1].game is not None

    @property
    def is_last(self) -> bool:
        return self.step == len(self.lesson.steps) - 1
