"""Lessons in other languages: their words alone are others, all of them, or none."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gandash.lessons.catalogue import FOLDER, catalogue
from gandash.lessons.model import Lesson
from gandash.words.catalogue import FOLDER as WORDS
from gandash.words.languages import ENGLISH, LANGUAGES

CATALOGUE = catalogue()
CASES = [(name, language) for name in CATALOGUE.lessons for language in LANGUAGES if language != ENGLISH]
GLOSSARY = tomllib.loads((WORDS / "glossary.toml").read_text(encoding="utf-8"))
PROSE = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")

LESSON = """
title = "A lesson"
teaches = "Something."
[[steps]]
title = "One"
text = "Look."
game = { preset = "two-modes" }
moves = [{ label = "Slower", set = { "generator_optimiser.learning_rate" = 1e-4 } }]
[steps.predict]
question = "Up or down?"
options = ["Up", "Down"]
right = 2
why = "It falls."
"""
IN_CHINESE = """
title = "一课"
teaches = "某事。"
[[steps]]
title = "一"
text = "请看。"
moves = ["慢些"]
[steps.predict]
question = "上还是下？"
options = ["上", "下"]
why = "它下降。"
"""


def said_in(lesson: Lesson) -> Iterator[str]:
    yield from (lesson.title, lesson.teaches)
    for step in lesson.steps:
        yield from (step.title, step.text, step.trying or "", step.after or "", *(move.label for move in step.moves))
        yield from (claim.says for claim in step.claims)
        if step.predict:
            yield from (step.predict.question, *step.predict.options, step.predict.why)


def without_words(formula: str | None) -> str:
    return re.sub(r"\s+|\\(quad|text\{[^}]*\})|\\;|的|中", "", formula or "")


@pytest.mark.parametrize(("name", "language"), CASES)
def test_ours_are_told_whole_in_every_language(name: str, language: str) -> None:
    lesson, told = CATALOGUE.lessons[name], CATALOGUE.translations[name, language]
    for before, after in zip(said_in(lesson), said_in(told), strict=True):
        assert bool(before) == bool(after)
        assert sorted(re.findall(r"\$[^$]+\$", before)) == sorted(re.findall(r"\$[^$]+\$", after)), after
        plain = re.sub(r"\$[^$]+\$", "", after)
        assert not PROSE.search(plain), after
        assert not [word for word in GLOSSARY["never"][language] if word in plain], after
    for mine, theirs in zip(lesson.steps, told.steps, strict=True):
        alike = ("game", "prepare", "show", "controls", "until")
        assert all(getattr(mine, field) == getattr(theirs, field) for field in alike)
        tried = ([claim.model_copy(update={"says": ""}) for claim in step.claims] for step in (mine, theirs))
        assert next(tried) == next(tried)
        assert [move.set for move in mine.moves] == [move.set for move in theirs.moves]
        assert (mine.predict and mine.predict.right) == (theirs.predict and theirs.predict.right)
        if "\\text" not in (mine.formula or ""):
            assert mine.formula == theirs.formula
        assert not PROSE.search("".join(re.findall(r"\\text\{[^}]*\}", theirs.formula or "")))


def mine(folder: Path, words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """The lesson's title in Chinese, and what is wrong."""
    monkeypatch.setenv(FOLDER, str(folder))
    (folder / "mine.toml").write_text(LESSON)
    (folder / "mine.zh_Hans.toml").write_text(words)
    found = catalogue()
    return found.told(found.lessons["mine"], "zh_Hans").title, [str(trouble) for trouble in found.troubles]


def test_a_lecturers_own_lesson_can_be_translated_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mine(tmp_path, IN_CHINESE, monkeypatch) == ("一课", [])
    found = catalogue()
    lesson = found.lessons["mine"]
    told = found.told(lesson, "zh_Hans").steps[0]
    assert (told.moves[0].label, told.moves[0].set) == ("慢些", lesson.steps[0].moves[0].set)
    assert told.predict is not None and (told.predict.options[1], told.predict.right) == ("下", 2)
    assert found.told(lesson, "zh_Hant") is lesson  # nobody has translated it: English, whole
    assert mine(tmp_path, IN_CHINESE.replace("一课", "另一课"), monkeypatch)[0] == "另一课"  # read anew


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ('moves = ["慢些"]', "", "steps.1.moves: it has 0 labels, and the step 1"),
        ('["上", "下"]', '["上", "下", "不动"]', "steps.1.predict.options: it has 3 options, and the question 2"),
        ('title = "一"', 'title = "一"\nafter = "后来"', "steps.1.after: the lesson has none here"),
        (IN_CHINESE[IN_CHINESE.index("[steps.predict]") :], "", "steps.1.predict: this field is missing"),
        ('title = "一"', 'title = "一"\nclaims = ["它下降。"]', "steps.1.claims: it has 1 claims, and the step 0"),
        ("[[steps]]", '[[steps]]\ntitle = "零"\ntext = "零"\n[[steps]]', "steps: it has 2 steps, and the lesson 1"),
        ("teaches", "teachs", "line 3, teachs: there is no such field"),
        ('title = "一课"', "title = 一课", "this is no TOML"),
    ],
)
def test_a_translation_that_does_not_fit_is_left_out_whole(
    before: str, after: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title, troubles = mine(tmp_path, IN_CHINESE.replace(before, after, 1), monkeypatch)
    assert title == "A lesson"
    (trouble,) = troubles
    assert trouble.startswith("mine.zh_Hans.toml, ") and why in trouble


def test_a_translation_of_no_lesson_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "nothing.zh_Hant.toml").write_text(IN_CHINESE)
    (trouble,) = catalogue().troubles
    assert "it translates a lesson of the name nothing, and there is none" in str(trouble)
