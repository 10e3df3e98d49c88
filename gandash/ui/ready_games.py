"""The ready games as a menu: grouped by their data, marked by what happens, each with a line on what it teaches."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gandash.presets import PRESETS
from gandash.presets.base import GROUPS, STORIES, Preset
from gandash.ui import languages
from gandash.ui.words import maths
from gandash.words import speak, speaking, t

ICONS = {
    "works": ":material/check_circle:",
    "cured": ":material/healing:",
    "compared": ":material/compare_arrows:",
}


def found(words: str, story: str | None) -> dict[str, list[Preset]]:
    """The presets by group in which all of these words occur, and of this story where one is given."""
    wanted = words.casefold().split()
    kept = [
        preset for preset in PRESETS.values() if story in (None, preset.story) and all(word in _said(preset) for word in wanted)
    ]
    groups = {group: [preset for preset in kept if preset.group == group] for group in GROUPS}
    return {group: presets for group, presets in groups.items() if presets}


def _said(preset: Preset) -> str:
    """All that a preset's texts say, in small letters."""
    move = " ".join(move.label for move in preset.moves)
    texts = (preset.name, preset.title, preset.teaches, preset.promise, preset.watch, GROUPS[preset.group], move)
    return " ".join([*texts, *map(t, texts)]).casefold()


def menu(chosen: str, choose: Callable[[str], None], language: str) -> None:
    """Over the page, until one is chosen or it is closed. `choose` is called with a preset's name."""
    speak(language)  # what is typed here runs this function again, and nothing before it
    words = st.text_input(
        t("Find by word"), placeholder=t("Find: collapse, R1, Wasserstein, …"), key="menu/words", label_visibility="collapsed"
    )
    story = st.pills(
        t("What happens"),
        list(STORIES),
        format_func=lambda name: f"{ICONS[name]} {t(STORIES[name])}",
        key=languages.own("menu/story"),
        label_visibility="collapsed",
    )
    groups = found(words, story)
    if not groups:
        st.caption(t("None has all of these words. Fewer of them find more."))
    for group, presets in groups.items():
        st.html(f'<h3 class="gd-lessons">{t(GROUPS[group])}</h3>')
        for preset in presets:
            pressed = st.button(
                f"**{maths(t(preset.title))}** {maths(t(preset.teaches))}",
                key=f"lesson-{preset.name}",
                icon=ICONS[preset.story],
                type="primary" if preset.name == chosen else "tertiary",
                on_click=choose,
                args=(preset.name,),
                width="stretch",
            )
            if pressed:
                st.rerun()  # closes the menu


def browse(chosen: str, choose: Callable[[str], None]) -> None:
    """The button that opens the menu."""
    if st.button(
        t("Browse {count} ready games", count=len(PRESETS)), key="ready", icon=":material/menu_book:", width="stretch"
    ):
        over_the_page = st.dialog(t("Ready games"), width="large", icon=":material/menu_book:")(menu)
        over_the_page(chosen, choose, speaking())
