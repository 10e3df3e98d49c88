"""What a presenter asks for over the live socket, and where the lesson stands of whoever presents."""

from __future__ import annotations

from typing import Any

from gandash.server.admission import Refusal
from gandash.server.classroom import STOPPED, Classroom, WordWanted
from gandash.server.presentation import Askable
from gandash.server.run import Run
from gandash.server.viewers import Viewer
from gandash.ui.lecture_text import block, formula, line
from gandash.ui.place import Place
from gandash.ui.tab import Tab, kept
from gandash.wire.classroom import Ask, LessonShown, Pointing, Present, Presenting, Reveal, StopPresenting, lecturing_adapter
from gandash.words import say, words_of


def order(classroom: Classroom, run: Run, viewer: Viewer, message: Any, who: str) -> str:
    """Follow a presenter's wish; `who` is the address that it came from. "" or why not, in words. Raises ValidationError."""
    wish = lecturing_adapter.validate_python(message)
    if isinstance(wish, Present):
        try:
            classroom.present(run, wish.word, who)
        except WordWanted as wanted:
            viewer.told.append(Presenting(word_wanted=True, trouble=words_of(wanted)).model_dump_json())
            return ""
        except Refusal as refusal:
            return words_of(refusal)
        tell(classroom, run, kept(run).lesson)
        return ""
    presented = classroom.of(run)
    if presented is None:
        return "" if isinstance(wish, Pointing) else say("nothing is presented; press Present first")
    match wish:
        case StopPresenting():
            presented.end(STOPPED)
        case Ask():
            tell(classroom, run, kept(run).lesson)
            return presented.ask()
        case Reveal():
            return presented.reveal()
        case Pointing():
            presented.point(wish)
    return ""


def follow(classroom: Classroom, tab: Tab) -> None:
    """What a tab presents goes with it to the run that it shows now."""
    if tab.run is None:
        return
    if (shown := classroom.of(tab.run)) is not None:
        tab.presented = shown
    elif tab.presented is not None and not tab.presented.over and not tab.run.has_ended:
        tab.presented.move(tab.run)


def tell(classroom: Classroom, run: Run, place: Place | None) -> None:
    """Where the lesson stands, to whoever looks on."""
    presented = classroom.of(run)
    if presented is None:
        return
    if place is None:
        presented.tell(None, None)
        return
    lesson, key = place.told, f"{place.lesson.name}/{place.step}"
    step = lesson.steps[place.step]
    show = place.lesson.show(place.step)
    shown = LessonShown(
        key=key,
        lesson=lesson.title,
        number=place.step + 1,
        count=len(place.lesson.steps),
        title=step.title,
        text=block(step.text),
        formula=formula(step.formula, is_display=True) if step.formula else "",
        layers=tuple(show.layers) if show and show.layers else None,
        curves=tuple(show.curves) if show and show.curves else None,
    )
    question = step.predict
    asked = None
    if question is not None:
        options = tuple(map(line, question.options))
        asked = Askable(key, line(question.question), options, question.right, line(question.why))
    presented.tell(shown, asked)
