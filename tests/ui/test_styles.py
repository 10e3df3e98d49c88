"""The style sheets: what they must not ask, for everything that is drawn would wait for the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gandash.ui.lesson_style import LESSON_STYLE
from gandash.ui.style import STYLE
from gandash.ui.sweep_style import SWEEP_STYLE

LIVE = Path(__file__).parents[2] / "assets" / "live"
NOT_AROUND_PLOTS = {
    ".gd-members",
    '[data-testid="stTextInput"]',
}  # what such a question may be asked of: no plot is drawn inside


def selectors(css: str) -> Iterator[str]:
    """The selectors of all rules, those of a list one by one."""
    css = re.sub(r"/\*.*?\*/|</?style>", "", css, flags=re.S)
    for prelude in re.findall(r"([^{};]+)\{", css):
        if prelude.lstrip().startswith("@"):
            continue
        depth, one = 0, ""
        for sign in prelude + ",":
            depth += (sign == "(") - (sign == ")")
            if sign == "," and not depth:
                yield one.strip()
                one = ""
            else:
                one += sign


def asked_for_others(selector: str) -> list[str]:
    """The parts of a selector that look at what is inside them to style something else: `of:has(what) other`."""
    found = []
    for at in re.finditer(r"\S*:has\(", selector):
        depth, end = 1, at.end()
        while depth:
            depth += (selector[end] == "(") - (selector[end] == ")")
            end += 1
        inside_another = selector[: at.start()].count("(") > selector[: at.start()].count(")")
        if not inside_another and re.search(r"[\s>+~]", re.sub(r"\([^()]*\)", "", selector[end:])):
            found.append(at.group().removesuffix(":has("))
    return found


def test_a_selector_that_looks_inside_for_others_is_found() -> None:
    css = """/* a:has(b) c {} */ body:has(.a) .b, .c:has(> .d) { } @media (max-width: 9px) { .e:has(:is(.f, .g)) > i { } }
    .h > :not(:has(> .i)) { } .j:has(.k):has(.l) { } .m:has(> .n)::before { }"""
    assert list(selectors(css))[:2] == ["body:has(.a) .b", ".c:has(> .d)"]
    assert [of for one in selectors(css) for of in asked_for_others(one)] == ["body", ".e"]


def test_no_element_around_the_plots_asks_what_is_inside_it() -> None:
    """Where `around:has(what) other` is asked, Chromium styles all that is inside `around` anew at each element that comes or
    goes there; Plotly changes some dozens at every picture.
    """
    sheets = {path.name: path.read_text("utf-8") for path in LIVE.glob("*.css")}
    sheets |= {"style": STYLE, "lesson_style": LESSON_STYLE, "sweep_style": SWEEP_STYLE}
    found = {name: [s for s in selectors(css) if set(asked_for_others(s)) - NOT_AROUND_PLOTS] for name, css in sheets.items()}
    assert not any(found.values()), found
