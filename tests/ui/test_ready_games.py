"""The menu of ready games: what is found by which words, and how its texts are set."""

from __future__ import annotations

import pytest

from gandash.presets import PRESETS
from gandash.presets.base import GROUPS
from gandash.ui import ready_games
from gandash.ui.words import maths


def names(words: str, story: str | None = None) -> set[str]:
    return {preset.name for presets in ready_games.found(words, story).values() for preset in presets}


def test_all_are_there_once_and_in_their_groups() -> None:
    everything = ready_games.found("", None)
    assert list(everything) == list(GROUPS)
    assert sorted(p.name for presets in everything.values() for p in presets) == sorted(PRESETS)


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ("wgan-gp", {"wasserstein-penalty"}),
        ("collapse digits", {"digits-collapsing"}),
        ("JENSEN", {"one-of-two"}),
        ("extragradient", {"bilinear-race"}),  # the label of a move
        ("limit cycle", {"dirac-cycle"}),
    ],
)
def test_games_are_found_by_what_their_texts_say(words: str, some: set[str]) -> None:
    assert some <= names(words) and len(names(words)) < 12
    assert names(f"{words} nowhere-said") == set()


def test_games_are_found_by_what_happens() -> None:
    assert names("", "cured") == {p.name for p in PRESETS.values() if p.story == "cured"}
    assert names("ring", "compared") <= names("ring") & names("", "compared")


def test_letters_with_a_subscript_are_set_as_such_and_stars_stay() -> None:
    assert maths("p_g is p_r") == r"$\mathsf{p_g}$ is $\mathsf{p_r}$"
    assert maths("D tracks D*, and D* follows") == r"D tracks D\*, and D\* follows"
    assert maths("update_rule, k_D") == r"update_rule, $\mathsf{k_D}$"
