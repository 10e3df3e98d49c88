"""What is presented: codes, the access word, questions and votes, and how it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from ui.test_socket import TINY, WORKER

from gandash.server.admission import Refusal
from gandash.server.attempts import Attempts
from gandash.server.classroom import WORD, Classroom, WordWanted
from gandash.server.forkserver import Spawned
from gandash.server.health import Limits
from gandash.server.presentation import ALPHABET, Askable, Presentation, new_code, read_code
from gandash.server.process import WorkerProcess
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.wire.browser import Role
from gandash.wire.classroom import Presented, Presenting

ASKABLE = Askable("two-players/1", "What will <b>D</b> do?", ("rise", "fall", "rest"), 2, "It is told apart.")


@pytest.fixture
def keeper() -> Iterator[Supervisor]:
    keeper = Supervisor(Limits(), lambda: WorkerProcess(Spawned([sys.executable, "-S", "-c", WORKER])))
    yield keeper
    keeper.close()


@pytest.fixture
def run(keeper: Supervisor) -> Run:
    return keeper.create(TINY, "Tiny", "me")


@pytest.fixture
def shown(keeper: Supervisor, run: Run) -> Presentation:
    shown = keeper.classroom.present(run, "", "here")
    shown.tell(None, ASKABLE)
    return shown


def told(shown: Presentation) -> Presented:
    return Presented.model_validate_json(shown.text)


def presenter(shown: Presentation) -> Presenting:
    return Presenting.model_validate_json(shown.presenters_text)


# ---------------------------------------------------------------------------------------------------------------- codes


def test_a_code_is_long_enough_for_what_it_gives_and_read_as_people_type() -> None:
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000 and {sign for code in codes for sign in code} == {*ALPHABET, "-"}
    assert len(ALPHABET) ** 8 > 2**39
    code = codes.pop()
    typed = (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} ")
    assert {read_code(text) for text in typed} == {code}
    assert {read_code(text) for text in ("", "A", code + "2", code[:-1] + "0", "\ud800" * 8)} == {""}


def test_a_run_has_one_code_until_it_ends(keeper: Supervisor, run: Run, shown: Presentation) -> None:
    room = keeper.classroom
    assert room.present(run, "", "elsewhere") is shown and room.find(shown.code.lower(), "x") is shown
    assert room.of(run) is shown and room.of_token(shown.token) is shown
    shown.end("Enough.")
    assert room.find(shown.code, "x") is None and room.of(run) is None and room.of_token(shown.token) is None
    again = room.present(run, "", "here")
    assert again.code != shown.code
    run.end("The run is over.")
    room.supervise(time.monotonic(), Limits())
    assert again.over and room.find(again.code, "x") is None
    with pytest.raises(Refusal, match="has ended"):
        room.present(run, "", "here")


def test_it_ends_when_its_presenter_does_not_come_back(run: Run) -> None:
    room, limits, now = Classroom(), Limits(grace_seconds=10), time.monotonic()  # one that nobody else keeps house of
    shown = room.present(run, "", "here")
    viewer = run.attach(Role.STEER, lambda: None)
    for later in (0, 20, 40):
        room.supervise(now + later, limits)
    assert not shown.over
    run.detach(viewer)
    other = run.attach(Role.WATCH, lambda: None)  # who looks on keeps nothing alive for ever
    room.supervise(now + 50, limits)
    assert not shown.over
    room.supervise(now + 61, limits)
    assert "did not come back" in shown.over
    run.detach(other)


def test_it_goes_with_its_presenter_to_another_run(keeper: Supervisor, run: Run, shown: Presentation) -> None:
    other = keeper.create(TINY, "Tiny", "me")
    woken = list[str]()
    shown.on_news(lambda: woken.append("audience"), True)
    shown.move(other)
    assert shown.run is other and keeper.classroom.of(run) is None and keeper.classroom.of(other) is shown
    run.end("Left.")
    keeper.classroom.supervise(time.monotonic(), Limits())
    assert not shown.over


def test_wrong_codes_are_soon_no_longer_looked_at(keeper: Supervisor, shown: Presentation) -> None:
    for _ in range(60):
        assert keeper.classroom.find("AAAA-AAAA", "guesser") is None
    with pytest.raises(Refusal, match="too many wrong codes"):
        keeper.classroom.find(shown.code, "guesser")
    assert keeper.classroom.find(shown.code, "another") is shown


def test_attempts_run_down_and_all_together_are_bounded() -> None:
    attempts = Attempts(each=2, each_per_second=0.5, all=3, all_per_second=1.0)
    attempts.note("a", 0.0)
    attempts.note("a", 0.0)
    assert not attempts.may("a", 0.0) and attempts.may("b", 0.0)
    attempts.note("b", 0.0)
    assert not attempts.may("c", 0.0) and attempts.may("c", 1.0)
    assert not attempts.may("a", 1.0) and attempts.may("a", 2.0)


# ------------------------------------------------------------------------------------------------------------ the word


def test_a_server_may_ask_for_a_word(keeper: Supervisor, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORD, "Käse 7")
    room = keeper.classroom
    with pytest.raises(WordWanted) as asked:
        room.present(run, "", "here")
    assert str(asked.value) == ""
    for _ in range(5):
        with pytest.raises(WordWanted, match="not the word"):
            room.present(run, "käse 7", "there")
    with pytest.raises(WordWanted, match="Too many"):
        room.present(run, "Käse 7", "there")
    assert room.of(run) is None
    assert room.present(run, " Käse 7 ", "here").code


# ------------------------------------------------------------------------------------------------------------- questions


def test_each_votes_once_and_only_the_presenter_knows_how_before_it_is_told(shown: Presentation) -> None:
    assert shown.ask() == "" and not presenter(shown).can_ask
    question = told(shown).question
    assert question is not None and (question.votes, question.right, question.why) == (None, None, "")
    assert [shown.vote(who, question.id, option) for who, option in (("ada", 2), ("bob", 1), ("eve", 2))] == ["", "", ""]
    assert "once" in shown.vote("ada", question.id, 1)
    assert "no option 4" in shown.vote("kim", question.id, 4) and "cookie" in shown.vote("", question.id, 1)
    mine = presenter(shown).question
    assert mine is not None and mine.votes == (1, 2, 0) and mine.right is None
    assert told(shown).question == question and '"option":2' in shown.vote_of("ada") and not shown.vote_of("kim")
    shown.reveal()
    revealed = told(shown).question
    assert revealed is not None and (revealed.votes, revealed.right) == ((1, 2, 0), 2) and revealed.why == ASKABLE.why
    assert "nobody votes any more" in shown.vote("kim", question.id, 2)


def test_no_vote_counts_for_another_question(shown: Presentation) -> None:
    shown.ask()
    first = told(shown).question
    assert first is not None
    shown.vote("ada", first.id, 1)
    shown.tell(None, ASKABLE)  # a reload of the presenter's: nothing is lost
    shown.ask()
    assert told(shown).question == first and '"option":1' in shown.vote_of("ada")
    shown.tell(None, Askable("two-players/2", "And G?", ("rise", "fall"), 1, "So."))
    assert told(shown).question is None and "over" in shown.vote("bob", first.id, 1)
    shown.ask()
    second = told(shown).question
    assert second is not None and second.id != first.id
    assert "over" in shown.vote("bob", first.id, 1) and not shown.vote_of("ada")
    mine = presenter(shown).question
    assert mine is not None and mine.votes == (0, 0)


def test_what_cannot_be_asked_is_refused_in_words(keeper: Supervisor, run: Run) -> None:
    shown = keeper.classroom.present(run, "", "here")
    assert "no question" in shown.ask() and "no question" in shown.reveal() and "over" in shown.vote("ada", 1, 1)
