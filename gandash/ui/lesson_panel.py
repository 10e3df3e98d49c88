"""The lesson beside the stage: what a step says, its question, its invitations, and the way on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import streamlit as st

from gandash.config.setting import SettingError, alternatives, setting_at
from gandash.lessons.catalogue import catalogue
from gandash.lessons.model import Prediction, Step, Until
from gandash.server.run import Run
from gandash.ui import controls, learning, ways
from gandash.ui.place import Place
from gandash.ui.tab import Tab
from gandash.ui.words import held_together
from gandash.words import marked, speaking, t

VERDICTS = {
    "waiting": marked("waiting"),
    "training": marked("training"),
    "converging": marked("converging"),
    "converged": marked("converged"),
    "modes_found": marked("modes found"),
    "oscillating": marked("oscillating"),
    "discriminator_won": marked("discriminator won"),
    "blind": marked("blind"),
    "collapsed": marked("collapsed"),
    "diverged": marked("diverged"),
}
NUMBERS = {
    "jsd": "JSD",
    "wasserstein": "W1",
    "value": "V",
    "modes": marked("modes"),
    "loss_d": marked("the loss of D"),
    "loss_g": marked("the loss of G"),
    "mean_d_real": marked("the mean of D on real data"),
    "mean_d_fake": marked("the mean of D on generated data"),
}


def draw(tab: Tab, run: Run, place: Place, settings: Callable[[], None]) -> None:
    """The panel; `settings` draws the controls that belong to the step."""
    place.language = speaking()
    lesson = place.told
    step, number, count = lesson.steps[place.step], place.step + 1, len(lesson.steps)
    with st.container(key="lesson"):
        if "pages" not in learning.hidden(place, tab.hidden):
            ways.draw(ways.LAB, run.id)
        for trouble in dict.fromkeys(tab.trouble):
            st.error(trouble, icon=":material/error:")
        st.html(
            f'<div class="gd-lesson-at" role="progressbar" aria-valuemin="0" aria-valuemax="{count}" aria-valuenow="{number}" '
            f'aria-label="{t("Step {number} of {count}", number=number, count=count)}">{_dots(place)}</div>'
        )
        st.caption(t("{lesson} · step {number} of {count}", lesson=lesson.title, number=number, count=count))
        st.markdown(f"## {step.title}")
        st.markdown(held_together(step.text))
        if step.formula:
            st.latex(step.formula)
        if step.predict:
            predict(tab, place, step.predict)
        if step.trying:
            st.markdown(t("**Try:** {what}", what=held_together(step.trying)))
        for move, told in zip(place.now.moves, step.moves, strict=True):
            st.button(
                told.label,
                key=f"step/{place.lesson.name}/{place.step}/{move.label}",
                on_click=tab.note,
                args=(learning.move, move),
                width="stretch",
            )
        settings()
        if place.is_revealed and step.after:
            st.markdown(held_together(step.after))
        on(tab, run, place)


def _dots(place: Place) -> str:
    kinds = ["done" if i < place.step else "here" if i == place.step else "" for i in range(len(place.lesson.steps))]
    return "".join(f'<i class="{kind}"></i>' for kind in kinds)


def predict(tab: Tab, place: Place, question: Prediction) -> None:
    """Choose, then play; what one has chosen stays, and the answer comes when the step's condition is met."""
    key = f"step/answer/{place.lesson.name}/{place.step}"
    st.radio(
        t("**Predict.** {question}", question=question.question),
        range(len(question.options)),
        index=None if place.answer is None else place.answer - 1,
        format_func=lambda i: question.options[i],
        key=key,
        on_change=lambda: tab.note(learning.answer, place.lesson.name, place.step, keys=(key,)),
        disabled=place.is_revealed,
    )
    if place.is_revealed:
        right = place.answer == question.right
        answer = question.options[question.right - 1]
        said = t("**Right.**") if right else t("**Not so.** It is: {answer}.", answer=answer)
        together = held_together(t("{s0} {s1}", s0=said, s1=question.why))
        if right:
            st.success(together, icon=":material/check:")
        else:
            st.info(together, icon=":material/lightbulb:")
    elif place.met:
        st.caption(t("It has happened. Choose, and see why."))
    else:
        st.caption(t("Choose first, then play and see.") if place.answer is None else t("Now play, and see."))


def on(tab: Tab, run: Run, place: Place) -> None:
    """What the step waits for, and the ways back and on."""
    if not place.met and place.now.until:
        st.caption(waits_for(place.now, place.now.until, run))
    name = place.lesson.name
    with st.container(horizontal=True, key="step-on"):
        st.button(
            t("Back"), key="step/back", disabled=place.step == 0, on_click=tab.note, args=(learning.go, name, place.step - 1)
        )
        following = _following(name) if place.is_last else ""
        label = (t("Next") if place.met else t("Skip")) + (" ↻" if place.restarts_next else "")
        help = t("The next step begins another game.") if place.restarts_next else None
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
            found = catalogue()
            title = found.told(found.lessons[following], speaking()).title
            st.button(
                f"{t('Next lesson')} ↻",
                key=f"step/next/{kind}",
                type=kind,
                help=title,
                on_click=tab.note,
                args=(learning.open_lesson, following),
            )
        else:
            st.page_link(ways.LESSONS.script, label=t("All lessons"), query_params={"run": run.id})
        st.button(
            t("Leave"),
            key="step/leave",
            type="tertiary",
            on_click=tab.note,
            args=(learning.leave,),
            help=t("Back to the run from before the lesson.") if place.left else t("The game goes on as an ordinary run."),
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
        *([t("change {settings}", settings=t(" and ").join(moved))] if moved else []),
        *([_rounds(until.rounds, bool(moved) or not step.game)] if until.rounds > 1 else []),
        *(
            t("wait until {number} is below {limit}", number=_words(one.column), limit=f"{one.limit:g}")
            if one.is_below
            else t("wait until {number} is above {limit}", number=_words(one.column), limit=f"{one.limit:g}")
            for one in until.holds
        ),
        *([t("wait for the verdict *{verdict}*", verdict=_verdicts(until.verdict))] if until.verdict else []),
    ]
    return t("To go on: {parts}.", parts=t(", then ").join(parts)) if parts else ""


def _rounds(count: int, is_more: bool) -> str:
    return t("play {count} rounds more", count=f"{count:,}") if is_more else t("play {count} rounds", count=f"{count:,}")


def _words(column: str) -> str:
    return t(NUMBERS.get(column, column.replace("_", " ")))


def _verdicts(kinds: Iterable[str]) -> str:
    return t(alternatives([VERDICTS[kind] for kind in kinds]))
