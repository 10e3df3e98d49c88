"""Everything that a lesson claims, played with its seeds: the same as `python -m gandash lessons check`.

All of them take two to three minutes of one slow core, by compiled rounds.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gandash.lessons import model
from gandash.lessons.catalogue import catalogue
from gandash.lessons.checking import check, claims
from gandash.lessons.formula import CURVES as COLUMNS
from gandash.lessons.model import Claim, Lesson
from gandash.presets import PRESETS
from gandash.ui.lesson_style import LESSON_STYLE

LESSONS = catalogue().lessons
CLAIMS = [(lesson, step, claim) for lesson in LESSONS.values() for step, claim in claims(lesson)]
LIVE = Path(__file__).parents[2] / "assets" / "live"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lesson", "step", "claim"), CLAIMS, ids=[f"{lesson.name}, {step + 1}: {claim.says[:50]}" for lesson, step, claim in CLAIMS]
)
def test_what_a_lesson_claims_is_so(lesson: Lesson, step: int, claim: Claim) -> None:
    found = check(lesson, step, claim)
    assert found.held, [(one.said, c) for one in found.tried for c in one.comparisons if not c.held]


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=lambda lesson: lesson.name)
def test_a_lesson_is_short_and_claims_something(lesson: Lesson) -> None:
    assert 3 <= len(lesson.steps) <= 6
    assert sum(len(step.claims) for step in lesson.steps) >= 2
    assert any(step.predict for step in lesson.steps)
    for step in lesson.steps:
        assert len(step.text.split()) <= 90, step.title
        assert step.show is not None or step is not lesson.steps[0]


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=lambda lesson: lesson.name)
def test_what_a_step_waits_for_has_been_seen_in_its_game(lesson: Lesson) -> None:
    """A number that it waits for is among what its claims hold, or is weaker; so that "next" comes for whoever plays on."""
    for step in lesson.steps:
        for watched in step.until.holds if step.until else ():
            known = [re.fullmatch(rf"{watched.column} ([<>]) ([-\d.]+)", text) for c in step.claims for text in c.holds]
            limits = [float(one[2]) for one in known if one and (one[1] == "<") == watched.is_below]
            assert any(limit <= watched.limit if watched.is_below else limit >= watched.limit for limit in limits), step.title


def test_names_of_layers_and_curves_are_those_of_the_live_view() -> None:
    sources = {
        name: (LIVE / f"{name}.js").read_text() for name in ("stage-line", "stage-phase", "plane-layers", "pictures-layers")
    }
    layers = {key for text in sources.values() for key in re.findall(r"\bkey: '(\w+)'", text)}
    assert layers | set(re.findall(r"dataset\.layer = '(\w+)'", (LIVE / "graph.js").read_text())) == set(model.LAYERS)
    assert set(re.findall(r"^    key: '(\w+)'", (LIVE / "panels.js").read_text(), re.M)) == set(model.CURVES)


def test_every_control_that_can_be_hidden_is_hidden_by_somebody() -> None:
    style = LESSON_STYLE
    page = (LIVE.parents[1] / "gandash" / "ui" / "page.py").read_text() + (
        LIVE.parents[1] / "gandash" / "ui" / "learning.py"
    ).read_text()
    for name in model.CONTROLS:
        assert f"data-hide~='{name}'" in style or f'"{name}"' in page, name


def test_columns_that_are_watched_come_to_the_browser() -> None:
    watched = {one.column for lesson in LESSONS.values() for step in lesson.steps if step.until for one in step.until.holds}
    assert watched <= set(COLUMNS)
    assert {lesson.game(0).preset for lesson in LESSONS.values()} <= set(PRESETS)
