"""The lesson beside the stage: what a step says, its question, its invitations, and the way on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from gandash.config.setting import SettingError, setting_at
from gandash.lessons.catalogue import catalogue
from gandash.lessons.model import Prediction, Step, Until
from gandash.server.run import Run
from gandash.ui import controls, learning, ways
from gandash.ui.place import Place
from gandash.ui.tab import Tab


def draw(tab: Tab, run: Run, place: Place, settings: Callable[[], None]) -> None:
    """The panel; `settings` draws the controls that belong to the step."""
    step, number, count = place.now, place.step + 1, len(place.lesson.steps)
    with st.container(key="lesson"):
        if "pages" not in learning.hidden(place, tab.hidden):
            ways.draw(ways.LAB, run.id)
        for trouble in dict.fromkeys(tab.trouble):
            st.error(trouble, icon=":material/error:")
        st.html(
            f'<div class="gd-lesson-at" role="progressbar" aria-valuemin="0" aria-valuemax="{count}" aria-valuenow="{number}" '
            f'aria-label="Step {number} of {count}">{_dots(place)}</div>'
        )
        st.caption(f"{place.lesson.title} · step {number} of {count}")
        st.markdown(f"## {step.title}")
        st.markdown(step.text)
        if step.formula:
            st.latex(step.formula)
        if step.predict:
            predict(tab, place, step.predict)
        if step.trying:
            st.markdown(f"**Try:** {step.trying}")
        for move in step.moves:
            st.button(
                move.label,
                key=f"step/{place.lesson.name}/{place.step}/{move.label}",
                on_click=tab.note,
                args=(learning.move, move),
                width="stretch",
            )
        settings()
        if place.is_revealed and step.after:
            st.markdown(step.after)
        on(tab, run, place)


def _dots(place: Place) -> str:
    kinds = ["done" if i < place.step else "here" if i == place.step else "" for i in range(len(place.lesson.steps))]
    return "".join(f'<i class="{kind}"></i>' for kind in kinds)


def predict(tab: Tab, place: Place, question: Prediction) -> None:
    """Choose, then play; what one has chosen stays, and the answer comes when the step's condition is met."""
    key = f"step/answer/{place.lesson.name}/{place.step}"
    st.radio(
        f"**Predict.** {question.question}",
        range(len(question.options)),
        index=None if place.answer is None else place.answer - 1,
        format_func=lambda i: question.options[i],
        key=key,
        on_change=lambda: tab.note(learning.answer, place.lesson.name, place.step, keys=(key,)),
        disabled=place.is_revealed,
    )
    if place.is_revealed:
        right = place.answer == question.right
        said = "**Right.**" if right else f"**Not so.** It is: {question.options[question.right - 1]}."
        if right:
            st.success(f"{said} {question.why}", icon=":material/check:")
        else:
            st.info(f"{said} {question.why}", icon=":material/lightbulb:")
    elif place.met:
        st.caption("It has happened. Choose, and see why.")
    else:
        st.caption("Choose first, then play and see." if place.answer is None else "Now play, and see.")


def on(tab: Tab, run: Run, place: Place) -> None:
    """What the step waits for, and the ways back and on."""
    if not place.met and place.now.until:
        st.caption(waits_for(place.now, place.now.until, run))
    name = place.lesson.name
    with st.container(horizontal=True, key="step-on"):
        st.button(
            "Back", key="step/back", disabled=place.step == 0, on_click=tab.note, args=(learning.go, name, place.step - 1)
        )
        following = _following(name) if place.is_last else ""
        label = ("Next" if place.met else "Skip") + (" ↻" if place.restarts_next else "")
        help = "The next step begins another game." if place.restarts_next else None
        kind: Literal["primary", "secondary"] = "primary" if place.met else "secondary"
        if not place.is_last:
            st.button(
                label,
                key=f"step/next/{kind}",
                type=kind,
                help=help,
                on_click=tab.note,
                args=(learning.go, name, place.step + 1),
            )
        elif following:
            title = catalogue().lessons[following].title
            st.button(
                "Next lesson ↻",
                key=f"step/next/{kind}",
                type=kind,
                help=title,
                on_click=tab.note,
                args=(learning.open_lesson, following),
            )
        else:
            st.page_link(ways.LESSONS.script, label="All lessons", query_params={"run": run.id})
        st.button(
            "Leave",
            key="step/leave",
            type="tertiary",
            on_click=tab.note,
            args=(learning.leave,),
            help="Back to the run from before the lesson." if place.left else "The game goes on as an ordinary run.",
        )


def _following(name: str) -> str:
    names = list(catalogue().lessons)
    at = names.index(name) + 1 if name in names else len(names)
    return names[at] if at < len(names) else ""


def waits_for(step: Step, until: Until, run: Run) -> str:
    """What has to be seen before it goes on, in words."""
    moved = []
    for path in until.moved:
        try:
            moved.append(controls.name(setting_at(run.config, path)))
        except SettingError:
            moved.append(path)
    parts = [
        *([f"change {' and '.join(moved)}"] if moved else []),
        *([f"play {until.rounds:,} rounds" + (" more" if moved or not step.game else "")] if until.rounds > 1 else []),
        *([f"wait until {_words(one.column)} is {'below' if one.is_below else 'above'} {one.limit:g}" for one in until.holds]),
        *([f"wait for the verdict *{' or '.join(v.replace('_', ' ') for v in until.verdict)}*"] if until.verdict else []),
    ]
    said = ", then ".join(parts)
    return f"To go on: {said}." if said else ""


def _words(column: str) -> str:
    return {"jsd": "JSD", "wasserstein": "W1", "value": "V"}.get(column, column.replace("_", " "))
