"""The page of lessons: the path through the subject, and how far one has come."""

from __future__ import annotations

import logging

import streamlit as st

from gandash.lessons.catalogue import catalogue
from gandash.ui import elsewhere, learning, ways
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.service import supervisor
from gandash.ui.tab import Tab
from gandash.ui.upload import as_text
from gandash.ui.whose import visitor_of
from gandash.ui.words import maths
from gandash.words import speaking, t, tn, words_of

log = logging.getLogger("gandash.lessons")


def main() -> None:
    tab: Tab = st.session_state.tab
    tab.replaced = "", 0.0  # the lesson that was left last may be chosen here again
    who = visitor_of(st.context.headers, st.context.cookies)
    visitor = st.context.cookies.get(VISITOR_COOKIE, "")
    run = tab.known(lambda name: supervisor().find(name, visitor), st.query_params.get("run"))
    found = catalogue()
    place = learning.place_of(run) if run is not None else None
    done = learning.done(who.name)
    with st.sidebar:
        ways.draw(ways.LESSONS, run.id if run is not None else "")
        st.caption(
            t(
                "Each lesson has a few short steps: some sentences, a formula, a game that stands ready, and mostly a "
                "question. Choose what you expect, play, and see. What you play now is kept: a lesson has a run of its own."
            )
        )
    with st.container(key="lessons"):
        with st.container(horizontal=True, vertical_alignment="center", key="lessons-head"):
            st.html(f"<h1>{t('Lessons')} <span>{len(found.lessons)}</span></h1>")
            elsewhere.mount(run)
        if who.is_at_home:
            for trouble in found.troubles:
                st.error(as_text(t("A lesson cannot be read. {problem}", problem=words_of(trouble))), icon=":material/error:")
        for trouble in found.troubles:
            log.warning("a lesson cannot be read: %s", trouble)
        for number, lesson in enumerate(found.lessons.values(), 1):
            steps, count, told = len(done.get(lesson.name, ())), len(lesson.steps), found.told(lesson, speaking())
            is_open = place is not None and place.lesson.name == lesson.name
            with st.container(horizontal=True, vertical_alignment="center", key=f"lessons-{lesson.name}"):
                with st.container(gap=None):
                    st.page_link(
                        ways.LAB.script,
                        label=f"**{number} · {maths(told.title)}**",
                        query_params={"lesson": lesson.name} | ({"run": run.id} if run is not None else {}),
                        width="content",
                    )
                    st.caption(maths(told.teaches))
                st.caption(
                    t("open, step {number} of {count}", number=place.step + 1, count=count)
                    if is_open and place
                    else t("done")
                    if steps >= count
                    else t("{done} of {count}", done=steps, count=count)
                    if steps
                    else tn("{count} step", "{count} steps", count)
                )


main()
