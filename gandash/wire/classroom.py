"""What is said while a run is presented: to its presenter, to those who look on, and by both. As text, over their sockets.

Words of a lesson are HTML, made by the server of what the lesson's file says (`ui/lecture_text.py`): formulas are MathML.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter

from gandash.wire.model import Message
from gandash.words import Said

LONGEST_WORD = 200

# ------------------------------------------------------------------------------------------------------ to the browsers


class LessonShown(Message):
    """The step of a lesson at which the presenter stands. `key` tells it from others; `number`, from 1, is one of `count`."""

    key: str
    lesson: str
    number: int
    count: int
    title: str
    text: str
    formula: str
    layers: tuple[str, ...] | None
    curves: tuple[str, ...] | None


class QuestionShown(Message):
    """A question to the room. What is right, why, and how many chose each option is None until it may be known: the presenter
    knows the votes at once, the others when it is revealed. `right` counts from 1."""

    id: int
    question: str
    options: tuple[str, ...]
    votes: tuple[int, ...] | None = None
    right: int | None = None
    why: str = ""


class Presented(Message):
    """To who looks on: the code, the token with which pictures of the past are asked for, and where the lesson stands."""

    type: Literal["presented"] = "presented"
    code: str
    token: str
    lesson: LessonShown | None
    question: QuestionShown | None


class Presenting(Message):
    """To who steers: `code` is "" while nothing is presented. `can_ask`: the lesson's step has a question that is not put yet.
    `word_wanted`: this server lets only those present who know a word; `trouble`: why it does not begin, in words."""

    type: Literal["presenting"] = "presenting"
    code: str = ""
    viewers: int = 0
    can_ask: bool = False
    question: QuestionShown | None = None
    word_wanted: bool = False
    trouble: Said = Said("")


class Pointing(Message):
    """What the presenter's pointer points at: the `part` of the page, "" for none, and where in it, from 0 to 1."""

    type: Literal["pointing"] = "pointing"
    part: str = Field("", max_length=60)
    x: float = Field(0.0, ge=0, le=1)
    y: float = Field(0.0, ge=0, le=1)


class Voted(Message):
    """This browser's own vote, as it counts."""

    type: Literal["voted"] = "voted"
    question: int
    option: int


# ---------------------------------------------------------------------------------------------------- from the presenter


class Present(Message):
    """Show the run to a room; `word` where this server asks for one."""

    type: Literal["present"] = "present"
    word: str = Field("", max_length=LONGEST_WORD)


class StopPresenting(Message):
    """The room sees nothing more."""

    type: Literal["stop_presenting"] = "stop_presenting"


class Ask(Message):
    """Put the question of the lesson's step to the room."""

    type: Literal["ask"] = "ask"


class Reveal(Message):
    """Tell what is right and how the room voted; nobody votes after that."""

    type: Literal["reveal"] = "reveal"


_Lecturing = Present | StopPresenting | Ask | Reveal | Pointing
Lecturing = Annotated[_Lecturing, Field(discriminator="type")]
lecturing_adapter: TypeAdapter[Lecturing] = TypeAdapter(Lecturing)
LECTURING = frozenset(kind.model_fields["type"].default for kind in get_args(_Lecturing))


# --------------------------------------------------------------------------------------------------- from who looks on


class Look(Message):
    """The first message of a browser that looks on: a presentation's code, or the token that it got for one."""

    type: Literal["look"] = "look"
    code: str = Field("", max_length=40)
    token: str = Field("", max_length=100)


class Vote(Message):
    """An option, from 1, of a question."""

    type: Literal["vote"] = "vote"
    question: int
    option: int = Field(ge=1, le=100)


def kind_of(message: Any) -> str:
    """The `type` of what a browser said, "" where it has none."""
    found = message.get("type") if isinstance(message, dict) else ""
    return found if isinstance(found, str) else ""
