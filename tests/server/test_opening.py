"""A link that is opened plays the same run, with the same changes at the same steps, and says where it has come to."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gandash.config import GameConfig
from gandash.config.data.uploaded import SamplesConfig
from gandash.config.setting import SettingError
from gandash.links import Link, read
from gandash.links.reading import Missing
from gandash.presets import DEFAULT
from gandash.server.admission import Refusal
from gandash.server.health import Limits
from gandash.server.opening import LEFT, Opened, affordable
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.wire.browser import LinkParts, Status
from gandash.wire.messages import Pause, Play, Set, Speed, StepBy

Until = Callable[..., Any]
RATE = "generator_optimiser.learning_rate"
LINK = (
    "1~two-modes~g.width-8~d.width-8~run.batch-16~run.seed-5~by-t"
    "~100.objective-minimax~200.og.learning_rate-5e-3~250.D-2~300.run.batch-32"
)


@pytest.fixture(scope="module")
def house() -> Iterator[Supervisor]:
    keeper = Supervisor(Limits())
    yield keeper
    keeper.close()


@pytest.fixture
def opened(house: Supervisor) -> Iterator[Callable[[str], Run]]:
    """Opens a link for a visitor; the run ends with the test."""
    runs: list[Run] = []

    def open_it(text: str) -> Run:
        preset = read(text).presets[0]
        runs.append(house.create(preset.config, preset.title, "me", preset.speed, opened=Opened(read(text))))
        runs[-1].attach("steer", lambda: None)  # else it would be paused
        return runs[-1]

    yield open_it
    for run in runs:
        run.end("over")


def link_of(run: Run) -> str:
    """Once it stands still."""
    assert run.link is not None
    return run.link.text + run.link.here if run.link.step == run.step else ""


def test_a_link_is_played_to_where_it_stood_and_the_next_one_says_that_it_is_the_same(
    opened: Callable[[str], Run], until: Until
) -> None:
    first = opened(LINK + "~at-400")
    assert "On the way to step 400" in first.notice
    until(lambda: first.status is Status.PAUSED and first.step == 400 and link_of(first), what="its end")
    assert first.notice == "Here the run of this link stood: step 400."
    config = first.config  # what the controls show
    assert (config.objective, config.run.batch, config.generator_optimiser.learning_rate) == ("minimax", 32, 5e-3)
    link = link_of(first)
    assert read(link).configs == read(LINK).configs and read(link).changes == read(LINK).changes
    second = opened(link)
    until(lambda: second.step == 400 and "Here" in second.notice, what="the second's end")
    assert second.notice.endswith("Its state is the same, bit for bit.")
    assert link_of(second) == link


def test_the_next_play_goes_on_from_there_and_the_word_is_gone(opened: Callable[[str], Run], until: Until) -> None:
    run = opened(LINK + "~at-20")
    until(lambda: "Here" in run.notice, what="its end")
    assert run.notice.endswith("It goes on changing settings as it is played on.")
    run.order(Speed(steps_per_second=None))
    run.order(Play())
    assert not run.notice
    until(lambda: run.step > 320, what="progress")
    run.order(Pause())
    assert [c.step for c in read(run.link.text if run.link else "").changes[0]] == [100, 200, 250, 251, 300]


def test_who_changes_something_has_a_run_of_its_own(opened: Callable[[str], Run], until: Until) -> None:
    run = opened(LINK)
    until(lambda: run.facts, what="a game")
    assert run.notice == "What this link changes, it changes at its steps as the run is played."
    assert not run.order(Set(path=RATE, value=3e-3))
    assert run.notice == LEFT
    run.order(StepBy(n=150))
    until(lambda: run.step == 150 and link_of(run), what="its steps")
    assert [(c.step, c.path) for c in read(link_of(run)).changes[0]] == [(0, RATE)]
    assert run.config.objective == "non_saturating"


def test_who_pauses_on_the_way_stays_there(opened: Callable[[str], Run], until: Until) -> None:
    run = opened(LINK + "~at-2000000")
    until(lambda: run.step > 10, what="progress")
    run.order(Pause())
    until(lambda: run.status is Status.PAUSED, what="its pause")
    assert not run.notice and run.step < 2_000_000


def test_a_worker_that_is_lost_on_the_way_costs_nothing_of_the_link(opened: Callable[[str], Run], until: Until) -> None:
    run = opened(LINK + "~at-400")
    until(lambda: run.step > 110 and run._recovery.checkpoint, what="progress")
    os.kill(run._worker.pid, signal.SIGKILL)
    until(lambda: "was lost" in run.notice, what="a notice")
    until(lambda: run.step == 400 and run.link and link_of(run), what="its end")
    again = opened(f"{LINK}~at-400~is-{read(link_of(run)).state}")
    until(lambda: "Here" in again.notice, what="the end of another")
    assert again.notice.endswith("Its state is the same, bit for bit.")
    assert run.config == again.config


def test_a_state_that_is_another_is_said_with_the_reason() -> None:
    here = LinkParts(text="1~two-modes", step=9, here="~at-9~is-" + "a" * 12 + "..bbbbbb")

    def said(**other: Any) -> str:
        link = replace(Link(), step=9, engines=("torch",), state="c" * 12, versions="bbbbbb")
        return Opened(replace(link, **other)).arrival(here, ["torch"])

    assert said(state="a" * 12).endswith("Its state is the same, bit for bit.")
    assert "other code played it" in said(engines=("compiled",))
    assert "other versions" in said(versions="dddddd")
    assert said().endswith("on another machine numbers may round otherwise.")
    assert not said(step=8) and not said(missing=(Missing(0, "data.rows", "0" * 16),))


def test_what_is_left_out_of_a_link_is_said(opened: Callable[[str], Run], until: Until) -> None:
    run = opened("1~two-modes~<b>~by-t~at-3")
    assert "“<b>”, which means nothing" in run.notice
    until(lambda: "Here" in run.notice, what="its end")
    assert "“<b>”, which means nothing" in run.notice
    run.order(Play())
    assert not run.notice


def test_data_that_are_missing_are_asked_for_and_nothing_is_played() -> None:
    rows = Missing(0, "data.rows", "0" * 16)
    link = Link(configs=(DEFAULT.config.replace_all([("data", SamplesConfig().model_dump())]),), step=9, missing=(rows,))
    opened = Opened(replace(link, record="20260102-030405-abcdef"))
    assert opened.plan is None and not opened.is_hasty
    assert "20260102-030405-abcdef" in opened.on_the_way


def test_what_a_server_cannot_afford_no_link_gets(house: Supervisor) -> None:
    with pytest.raises((SettingError, Refusal)):
        Opened(read("1~two-modes~g.width-4096~g.depth-8~d.width-4096~d.depth-8~run.batch-65536"))
    found = affordable(read("1~two-modes~g.width-1024~d.width-1024~50.run.batch-65536~60.objective-minimax"))
    assert [c.path for c in found.changes[0]] == ["objective"] and "at step 50" in found.notice


def test_compared_games_are_opened_as_they_were(opened: Callable[[str], Run], until: Until) -> None:
    run = opened("1~two-modes~g.width-8~d.width-8~run.batch-16~vs-first~run.seed-9~by-t~5.2.objective-minimax~at-10")
    until(lambda: run.step == 10 and link_of(run), what="its end")
    first, second = run.configs
    assert (first.objective, second.objective) == ("non_saturating", "minimax") and second.run.seed == 9
    assert read(link_of(run)).configs == read("1~two-modes~g.width-8~d.width-8~run.batch-16~vs-first~run.seed-9").configs


def test_a_page_gets_what_its_link_tells_of_once(house: Supervisor, tiny: GameConfig) -> None:
    """Both halves of a page the same; another page another run, though one was left behind."""

    def begin() -> Run:
        return house.create(tiny, "tiny", "you", opened=Opened(Link(configs=(tiny,))))

    left = house.create(tiny, "tiny", "you")
    left.detach(left.attach("steer", lambda: None))
    first = house.arrive("new-1", "you", begin, by_link=True)
    assert first is not left and house.arrive("new-1", "you", begin, by_link=True) is first
    assert house.arrive(first.id, "you", begin, by_link=True) is first
    for run in (left, first):
        run.end("over")
