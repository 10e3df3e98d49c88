"""`import gandash` from anywhere: what `gandash/pyproject.toml` says it needs, and brings along."""

from __future__ import annotations

import tomllib
from pathlib import Path

from gandash import paths

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "gandash" / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_package_needs_what_the_requirements_say() -> None:
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    assert PROJECT["project"]["dependencies"] == wanted


def test_every_asset_that_the_code_reads_comes_along() -> None:
    brought = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for given, put in brought.items():
        assert (ROOT / "gandash" / given).exists() and put == given.removeprefix("../")
    assert paths.ASSETS == ROOT / "assets"  # in a clone: beside the package
    left = {f"../assets/{entry.name}" for entry in paths.ASSETS.iterdir() if entry.is_dir() and entry.name != "pictures"}
    assert left <= set(brought)
