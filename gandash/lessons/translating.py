"""A lesson in another language: a file beside the lesson's, `NAME.zh_Hans.toml`, with its words alone.

What is played, shown, watched and claimed is the lesson's own. A translation that does not fit its lesson is left out whole, so
that nobody reads half of a lesson in one language and half in another.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationError

from gandash.lessons.model import Invitation, Lesson, Paragraph, Part, Prediction, Sentence, Step, as_tuple
from gandash.lessons.reading import LessonError, in_words, read_table, version
from gandash.words import LANGUAGES, say

_FILE = re.compile(rf"(?P<name>[a-z0-9-]+)\.(?P<language>{'|'.join(LANGUAGES)})\.toml")


class PredictionWords(Part):
    question: Sentence
    options: Annotated[tuple[Sentence, ...], BeforeValidator(as_tuple)]
    why: Paragraph


class StepWords(Part):
    """`moves` are the labels of the step's invitations, `claims` what its claims say, or none of them. The `formula` is the
    lesson's own unless it has words in it."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    text: Paragraph
    formula: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    predict: PredictionWords | None = None
    trying: Annotated[Paragraph | None, Field(alias="try")] = None
    moves: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    claims: Annotated[tuple[Sentence, ...], BeforeValidator(as_tuple)] = ()
    after: Paragraph | None = None


class LessonWords(Part):
    title: Annotated[str, Field(min_length=1, max_length=80)]
    teaches: Sentence
    steps: Annotated[tuple[StepWords, ...], BeforeValidator(as_tuple)]


def named(path: Path) -> tuple[str, str] | None:
    """The lesson and the language that a file translates, by its name; None of one that is no translation.

    >>> named(Path("nash.zh_Hant.toml")), named(Path("nash.toml"))
    (('nash', 'zh_Hant'), None)
    """
    found = _FILE.fullmatch(path.name)
    return (found["name"], found["language"]) if found else None


def translated(lesson: Lesson, path: Path) -> Lesson:
    """The lesson in the words of this file. Raises LessonError where they do not fit it."""
    words = _read(path, *version(path))
    if len(words.steps) != len(lesson.steps):
        raise LessonError(
            path,
            say("it has {count} steps, and the lesson {wanted}", count=len(words.steps), wanted=len(lesson.steps)),
            None,
            "steps",
        )
    steps = tuple(_step(path, number, *pair) for number, pair in enumerate(zip(lesson.steps, words.steps, strict=True), 1))
    return lesson.model_copy(update={"title": words.title, "teaches": words.teaches, "steps": steps})


def _step(path: Path, number: int, step: Step, words: StepWords) -> Step:
    for field, there, given in (
        ("predict", step.predict is not None, words.predict is not None),
        ("try", step.trying is not None, words.trying is not None),
        ("after", step.after is not None, words.after is not None),
    ):
        if there != given:
            problem = say("this field is missing") if there else say("the lesson has none here")
            raise LessonError(path, problem, None, f"steps.{number}.{field}")
    if len(step.moves) != len(words.moves):
        problem = say("it has {count} labels, and the step {wanted}", count=len(words.moves), wanted=len(step.moves))
        raise LessonError(path, problem, None, f"steps.{number}.moves")
    if words.claims and len(step.claims) != len(words.claims):
        problem = say("it has {count} claims, and the step {wanted}", count=len(words.claims), wanted=len(step.claims))
        raise LessonError(path, problem, None, f"steps.{number}.claims")
    claims = step.claims
    if words.claims:
        claims = tuple(c.model_copy(update={"says": text}) for c, text in zip(claims, words.claims, strict=True))
    moves = (Invitation(label=label, set=move.set) for move, label in zip(step.moves, words.moves, strict=True))
    predict = step.predict
    if predict is not None and words.predict is not None:
        if len(predict.options) != len(words.predict.options):
            count, wanted = len(words.predict.options), len(predict.options)
            problem = say("it has {count} options, and the question {wanted}", count=count, wanted=wanted)
            raise LessonError(path, problem, None, f"steps.{number}.predict.options")
        predict = Prediction(right=predict.right, **dict(words.predict))
    said = {"title": words.title, "text": words.text, "formula": words.formula or step.formula, "predict": predict}
    return step.model_copy(
        update=said | {"trying": words.trying, "moves": tuple(moves), "claims": claims, "after": words.after}
    )


@lru_cache(maxsize=400)
def _read(path: Path, changed: int, size: int) -> LessonWords:
    text, given = read_table(path)
    try:
        return LessonWords.model_validate(given)
    except ValidationError as error:
        raise in_words(path, text, error) from None
