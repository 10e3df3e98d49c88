"""The pages in Markdown: their links lead somewhere, and what is made from the code is as the code would make it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gandash.presets import PRESETS
from gandash.presets.markdown import page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+)\)")
PAGES = [ROOT / "README.md", *(p for top in ("assets", "gandash", "tests") for p in sorted((ROOT / top).rglob("*.md")))]


def anchors(text: str) -> set[str]:
    """What a heading can be linked by, as GitHub writes it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_what_is_there(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), f"{link}: there is no {file}"
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), f"{link}: {target.name} has no such heading"


def test_the_page_of_presets_is_current() -> None:
    """When it fails: python -m gandash presets --markdown > gandash/presets/PRESETS.md"""
    assert (ROOT / "gandash" / "presets" / "PRESETS.md").read_text(encoding="utf-8") == page(PRESETS)


def test_the_readme_leads_to_every_page() -> None:
    """A page that nobody finds might as well not be there."""
    linked = {
        (ROOT / link.partition("#")[0]).resolve() for link in LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    }
    assert [path for path in PAGES[1:] if path not in linked] == []
