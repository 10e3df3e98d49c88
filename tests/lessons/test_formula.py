"""What claims are written in: arithmetic on a run's numbers, and no way out of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gandash.lessons.formula import LONGEST, NoFormula, Played, read

JSD = np.array([np.nan, 0.5, 0.4, np.nan, 0.1])
PLAYED = Played({"jsd": JSD, "value": np.full(5, -math.log(4))}, {"modes": 1.0, "distance": 2.0, "steps": 5.0}, "converged")


@pytest.mark.parametrize(
    ("text", "holds", "left"),
    [
        ("jsd < 0.2", True, 0.1),
        ("first(jsd) == 0.5", True, 0.5),
        ("at(jsd, 3) > 0.3", True, 0.4),
        ("mean(jsd, 3) < 0.3", True, 0.25),
        ("mean(jsd, 4) > 0.3", True, 1 / 3),
        ("largest(jsd, 5) - least(jsd, 5) > 0.3", True, 0.4),
        ("abs(value + log(4)) < 1e-9", True, 0.0),
        ("2**-1 >= sqrt(0.25)", True, 0.5),
        ("-distance/steps < 0", True, -0.4),
        ('verdict == "converged"', True, "converged"),
        ('verdict != "converged"', False, "converged"),
    ],
)
def test_known_answers(text: str, holds: bool, left: object) -> None:
    held, found, _ = read(text).holds(PLAYED)
    assert held is holds and found == (left if isinstance(left, str) else pytest.approx(left))


@pytest.mark.parametrize(
    "text", ["at(jsd, 1) < 1", "at(jsd, 1) > 0", "at(jsd, 99) < 1", "wasserstein < 1", "wasserstein > 0", "modulus != 0",
             "log(0 - 1) < 5", "1/(steps - 5) > 0", "(0 - 8)**0.5 != 1", "9.0**9**9**9 > 1", "exp(1000) > 1"],
)  # fmt: skip
def test_what_is_not_known_or_not_finite_holds_in_no_comparison(text: str) -> None:
    assert not read(text).holds(PLAYED)[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jsd",
        "jsd <",
        "0 < jsd < 1",
        "jsb < 1",
        "jsd < 1 and value < 1",
        "__import__('os').system('true') == 0",
        "().__class__ == 1",
        "jsd.real < 1",
        "[1][0] < 2",
        "(lambda: 1)() < 2",
        "open < 1",
        "True < 2",
        "mean(jsd) < 1",
        "mean(jsd, -3) < 1",
        "at(jsd, steps) < 1",
        "abs(jsd, 2) < 1",
        'verdict == "won"',
        'verdict < "converged"',
        "'a' < 'b'",
        "+".join(["1"] * 60) + " < 1",
        "1" * LONGEST + " < 1",
        "1 % 2 < 1",
    ],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(NoFormula) as error:
        read(text)
    assert str(error.value)


def test_names_are_those_of_the_curves_and_their_averages() -> None:
    read("jsd_average < 1")
    with pytest.raises(NoFormula, match="did you mean wasserstein"):
        read("waserstein < 1")
