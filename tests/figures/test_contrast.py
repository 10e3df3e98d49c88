"""Everyone in the room can read it: contrast as WCAG 2.2 counts it, of every pair of colours that is used, light and dark.

Words have 4.5 to 1 against their ground (criterion 1.4.3), lines and marks that carry meaning 3 to 1 (1.4.11). The colours are
read from the files that the page has them from; of the style sheets, every rule that mixes its ink is tried.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

import pytest

from gandash.figures.inks import Theme, declared
from gandash.paths import ASSETS
from gandash.sweeps.diagram import LETTERS, VERDICTS

WORDS, LINES = 4.5, 3.0
SCHEMES = ("light", "dark")
SHEETS = {path.name: path.read_text() for path in (ASSETS / "live").glob("*.css")}
MIXED = re.compile(r"var\(--(?:gd-)?(\w+)(?:, var\(--gd-muted\))?\) (\d+)%, var\(--gd-(text|background)\)")
Colour = tuple[float, ...]


def colour(text: str) -> Colour:
    if text.startswith("#"):
        return tuple(int(text[i : i + 2], 16) for i in (1, 3, 5))
    return tuple(float(part) for part in re.findall(r"[\d.]+", text)[:3])


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(b + share * (a - b) for a, b in zip(one, other, strict=True))


def luminance(of: Colour) -> float:
    """Relative luminance (WCAG 2.2), 0 to 1."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (part / 255 for part in of)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


class Page:
    """The colours of a scheme on the page as Streamlit is told to paint it, greys mixed as in `palette.js`."""

    def __init__(self, scheme: str) -> None:
        theme = tomllib.loads((ASSETS.parent / ".streamlit" / "config.toml").read_text())["theme"][scheme]
        self.ground, self.text = colour(theme["backgroundColor"]), colour(theme["textColor"])
        self.raised = colour(theme["secondaryBackgroundColor"])
        self.primary = colour(theme["primaryColor"])
        self.inks = {name: colour(text) for name, text in declared()[scheme].items()}
        self.members = {f"member{i}": colour(text) for i, text in enumerate(declared()["members"][scheme])}
        self.greys = {"text": self.text, "muted": mixed(self.text, self.ground, 0.66)}
        self.opacities: dict[str, float] = declared()["opacities"][scheme]

    @property
    def all(self) -> dict[str, Colour]:
        return self.inks | self.members | self.greys

    def of(self, name: str) -> list[Colour]:
        """What a custom property may be: `--ink` and `--tone` are any ink's."""
        if name in ("ink", "tone"):
            return [*self.inks.values(), *self.greys.values()]
        return [self.all[name]]


PAGES = {scheme: Page(scheme) for scheme in SCHEMES}


@pytest.fixture(params=SCHEMES)
def page(request: pytest.FixtureRequest) -> Page:
    return PAGES[request.param]


def low(found: Iterator[tuple[str, float]], least: float) -> list[str]:
    return [f"{what}: {ratio:.2f}" for what, ratio in found if ratio < least]


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast(colour("#000000"), colour("#ffffff")) == pytest.approx(21)
    assert contrast(colour("#777777"), colour("#ffffff")) == pytest.approx(4.48, abs=0.01)  # the well-known near miss


def test_words_are_read_on_their_ground(page: Page) -> None:
    inks = {name: page.all[name] for name in ("text", "muted", "alarm", "words", "discriminator", "value", "real")}
    grounds = {"the page": page.ground, "what is raised": page.raised}
    pairs = [(f"{name} on {where}", contrast(ink, on)) for name, ink in inks.items() for where, on in grounds.items()]
    pairs += [("a toast", contrast(page.ground, page.text)), ("a link", contrast(page.primary, page.ground))]
    assert not low(iter(pairs), WORDS)


def rules(of: str) -> Iterator[tuple[str, str, str]]:
    """Every declaration of a property in the live view's style: sheet and selector, and its value."""
    for name, sheet in SHEETS.items():
        for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)):
            for value in re.findall(rf"(?<![\w-]){of}\s*:\s*([^;]+);", body):
                yield name, selector.strip(), value.strip()


def test_letters_in_an_ink_are_darkened_until_they_are_read(page: Page) -> None:
    seen, bad = 0, []
    for sheet, selector, value in [*rules("color"), *rules("--tone")]:
        if not (mix := MIXED.search(value)):
            continue
        name, share, towards = mix[1], int(mix[2]) / 100, page.text if mix[3] == "text" else page.ground
        inks = page.of(name) + (list(page.members.values()) if "readouts" in selector else [])
        for ink in inks:
            seen += 1
            letters = mixed(ink, towards, share)
            bad += [
                f"{sheet} {selector}: {letters} on {on}"
                for on in ([page.ground] if "readouts" in selector else [page.ground, page.raised])
                if contrast(letters, on) < WORDS
            ]
    assert seen > 40, "the style sheets are read"
    assert not bad


def test_a_verdict_is_read_on_its_own_tint(page: Page) -> None:
    scheme = next(name for name, one in PAGES.items() if one is page)
    warning = [value for _, selector, value in rules("--tone") if "warning" in selector]
    past = [value for _, selector, value in rules("--gd-past")]
    assert len(warning) == len(past) == 2, "one for a light page, one for a dark one"
    which = SCHEMES.index(scheme)
    tones = {
        "quiet": mixed(page.greys["muted"], page.text, 0.8),
        "good": mixed(page.inks["discriminator"], page.text, 0.88),
        "warning": colour(warning[which]),
        "bad": page.inks["alarm"],
    }
    assert not low(((name, contrast(tone, mixed(tone, page.ground, 0.12))) for name, tone in tones.items()), WORDS)
    assert contrast(page.ground, page.inks["discriminator"]) >= WORDS, "converged"
    assert contrast(page.ground, colour(past[which])) >= WORDS, "what is not of now"


def test_lines_and_marks_stand_out_from_the_page(page: Page) -> None:
    lines = page.inks | page.members | page.greys
    assert not low(((name, contrast(ink, page.ground)) for name, ink in lines.items()), LINES)


LAID = {
    "thread": "generated",
    "mesh": "generated",
    "rug": "generated",
    "sample": "generated",
    "slope": "muted",
    "mark": "muted",
}


def test_one_thin_line_alone_is_seen(page: Page) -> None:
    assert LAID.keys() == page.opacities.keys()
    weak = ((use, contrast(mixed(page.all[ink], page.ground, page.opacities[use]), page.ground)) for use, ink in LAID.items())
    assert not low(weak, LINES)


def test_the_graph_s_edges_are_seen(page: Page) -> None:
    strokes = [mix for sheet, selector, value in rules("stroke") if (mix := MIXED.search(value))]
    assert strokes
    for mix in strokes:
        for ink in page.of(mix[1]):
            assert contrast(mixed(ink, page.ground, int(mix[2]) / 100), page.ground) >= LINES


@pytest.mark.parametrize("is_dark", [False, True])
def test_figures_of_python_have_the_same(is_dark: bool) -> None:
    theme = Theme(is_dark)
    ground = colour(theme["background"])
    for ink in ("text", "muted", "words", "discriminator"):
        assert contrast(colour(theme[ink]), ground) >= WORDS, ink
    for ink in ("real", "generated", "discriminator", "value", "muted"):
        assert contrast(colour(theme[ink]), ground) >= LINES, ink


def test_a_sweep_s_letters_are_read_in_their_cells() -> None:
    assert not low(((letter, contrast(colour(LETTERS), colour(cell))) for cell, letter in VERDICTS.values()), WORDS)
    letters = [letter for _, letter in VERDICTS.values()]
    assert len(set(letters)) == len(letters), "no verdict is told by its colour alone"
