"""The pages of the app, beside each other, and the way between them: a row of links under the name, on every page.

Streamlit's own menu would stand on top of the stage, or push the controls down by a third of the sidebar.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from gandash.ui import languages
from gandash.words import marked, t


@dataclass(frozen=True)
class Way:
    """A page: its script beside this file, its name in the row, or "" of one that is not in it, its path in the address, and
    what the browser's tab says beside the app's name."""

    script: str
    name: str
    path: str
    title: str


LAB = Way("page.py", marked("Lab"), "", "")
LESSONS = Way("lessons_page.py", marked("Lessons"), "lessons", "Lessons")
RUNS = Way("runs_page.py", marked("Runs"), "runs", "Runs")
SWEEP = Way("sweep_page.py", marked("Sweep"), "sweep", "Sweep")
RECORD = Way("record_page.py", "", "record", marked("Recorded run"))  # one of the runs, opened
WAYS = (LAB, LESSONS, RUNS, SWEEP, RECORD)


def pages() -> list[st.Page]:
    """To be made anew in each script run: Streamlit knows a page by the run that made it."""
    return [
        st.Page(way.script, title=title_of(way), url_path=way.path, default=way is LAB, visibility="hidden") for way in WAYS
    ]


def title_of(way: Way) -> str:
    """What the browser's tab says."""
    return f"{t(way.title)} · gandash" if way.title else "gandash"


def draw(here: Way | None, run: str) -> None:
    """Name and links. `run`, the name of this tab's run, stays in the address wherever one goes: a reload finds it there."""
    st.html(f'<div class="gd-title">gandash <span>{t("see a GAN train")}</span></div>')
    with st.container(horizontal=True, gap=None, key="ways"):
        for way in WAYS:
            if way.name:
                name = f"**{t(way.name)}**" if way is here else t(way.name)
                st.page_link(way.script, label=name, query_params={"run": run} if run else None, width="content")
    languages.draw()
