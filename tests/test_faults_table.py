"""FAULTS.md keeps its word: every fault names tests, and they exist. Sources are read, not run."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADER = "| fault | what a person sees | how it ends | tests |"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[list[str]]:
    """The table's rows as cells, without its head and the lines that only name a group."""
    lines = (ROOT / "tests" / "FAULTS.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[lines.index(HEADER) + 2 :]]
    return [cells for cells in table if not cells[0].startswith("**")]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def test_the_table_is_read() -> None:
    assert len(rows()) > 30


@pytest.mark.parametrize("cells", rows(), ids=lambda cells: cells[0][:50])
def test_every_fault_is_tried_by_tests_that_exist(cells: list[str]) -> None:
    fault, seen, end, tests = cells
    assert fault and seen and end
    named = NAMED.findall(tests)
    assert named and NAMED.sub("", tests).strip() == "", f"only test ids belong here: {tests}"
    for file, name in named:
        assert (ROOT / file).is_file(), file
        assert name in names_in(file), f"{file} has no {name}"
