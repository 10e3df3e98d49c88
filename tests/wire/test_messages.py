"""Commands, events and packets: every one survives its journey, and anything else is noticed."""

from __future__ import annotations

import io
import math
import struct
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from telling import line_facts

from gandash.config import GameConfig
from gandash.wire import messages
from gandash.wire.browser import LinkParts, Status, Verdict
from gandash.wire.findings import Finding, Samples
from gandash.wire.messages import (
    EVENT,
    FRAME,
    MAX_PACKET,
    METRICS,
    BrokenPacket,
    Change,
    Changed,
    Compiling,
    End,
    Estimate,
    Estimated,
    Examine,
    Examined,
    Heartbeat,
    Linked,
    Pace,
    Pause,
    Play,
    Ready,
    Refused,
    Restart,
    Rewind,
    Saved,
    SendFrame,
    Set,
    SetMany,
    ShowCloseUp,
    Speed,
    Start,
    Started,
    StartedGame,
    StatusChanged,
    StepBy,
    TellStep,
    Unrecorded,
    Unsaved,
    VerdictChanged,
    WorkerFailed,
    command_adapter,
    event_adapter,
    read_packet,
    steering_adapter,
    write_packet,
)
from gandash.wire.told import Cloud, LookTold, PenaltyTold, StepTold

COMMANDS: list[BaseModel] = [
    Start(
        generation=2, configs=(GameConfig(), GameConfig()), directory="/tmp/x", checkpoint="/tmp/x/c", playing=None, speed=10.0
    ),
    Play(),
    Pause(),
    StepBy(players="D", n=7),
    Speed(steps_per_second=None),
    Speed(steps_per_second=0.5),
    Set(path="run.batch", value=64),
    Set(path="update_rule", value={"kind": "simultaneous"}),
    SetMany(changes=(Set(path="run.batch", value=64), Set(path="objective", value="minimax"))),
    Rewind(generation=4),
    SendFrame(),
    TellStep(players="G", ask=7),
    ShowCloseUp(selected=3, other=4, share=0.25, map=True),
    Examine(what="spectrum"),
    Estimate(),
    End(),
]
CHANGE = Change(kind="set", step=5, path="run.batch", label="batch", old=1, new={"kind": "x", "deep": [1, None]})
COMPARED = Samples(points=9, values={"w1": 0.5, "w2": None}, floors=None, slope=1, modes=None, notes=("few",))
LOOK = LookTold(
    player="D",
    drew_real=True,
    drew_latents=True,
    is_ahead=False,
    from_ahead=False,
    latents=Cloud(width=1, points=(0.5, None)),
    real=Cloud(width=0, pixels="AP8="),
    fake=Cloud(width=0, pixels="AP8="),
    d_real=(0.5,),
    d_fake=(None,),
    mean_real=0.5,
    mean_fake=None,
    terms=(0.5, 0.6),
    penalties=(PenaltyTold(name="r1", weight=0.1, value=0.2, slope=4),),
    loss=1.1,
    total=1.3,
    gradient=0.1,
    along=None,
    update=None,
    learning_rate=1e-3,
)
STANDING = StartedGame(config=GameConfig(), changes=(CHANGE,), facts=line_facts("a"))
EVENTS: list[BaseModel] = [
    Ready(pid=1),
    Heartbeat(),
    Compiling(generation=1, over=True),
    Started(
        generation=1,
        step=0,
        games=(StartedGame(config=GameConfig(), changes=(CHANGE,), facts=line_facts("a")),),
    ),
    StatusChanged(generation=1, status=Status.DIVERGED, step=3, reason="NaN"),
    Changed(generation=1, change=Change(kind="step", step=3, players="G"), facts=line_facts()),
    Linked(generation=1, link=LinkParts(text="1~ring", step=3, here="~at-3", until=None, missing=("data.rows",))),
    VerdictChanged(generation=1, verdict=Verdict(kind="training", title="Training", reason="½ …", step=3)),
    Saved(generation=1, step=3, path="/tmp/x"),
    Unsaved(generation=1, step=3, reason="No space left on device"),
    Unrecorded(generation=1, step=3, reason="No space left on device"),
    Refused(message="no"),
    Estimated(generation=1, seconds={"duality": 1.5}),
    StepTold(
        generation=1,
        ask=7,
        step=3,
        players="both",
        rule="alternating",
        optimisers=("adam", "adam"),
        batch=8,
        pack=1,
        noise=None,
        smoothing=0,
        ended_elsewhere=False,
        looks=(LOOK,),
    ),
    Examined(generation=1, what="samples", finding=Finding(step=3, done=True, result=COMPARED)),
    WorkerFailed(reason="ZeroDivisionError: division by zero"),
    Pace(generation=1, step=3, steps_per_second=1.5),
]


def members(union: Any) -> set[type]:
    return set(get_args(get_args(union)[0]))


def test_the_lists_here_are_complete() -> None:
    assert {type(c) for c in COMMANDS} == members(messages.Command)
    assert {type(e) for e in EVENTS} == members(messages.Event)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.type)
def test_commands_survive_json_as_one_line(command: BaseModel) -> None:
    line = command.model_dump_json().encode()
    assert b"\n" not in line
    assert command_adapter.validate_json(line) == command


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.type)
def test_events_survive_json(event: BaseModel) -> None:
    assert event_adapter.validate_json(event.model_dump_json()) == event


def test_a_browser_may_steer_but_not_run_the_supervisors_business() -> None:
    assert steering_adapter.validate_python({"type": "restart", "new_seed": True}) == Restart(new_seed=True)
    for forbidden in (Start(generation=1, configs=(GameConfig(),), directory="/etc"), End(), SendFrame()):
        with pytest.raises(ValidationError):
            steering_adapter.validate_python(forbidden.model_dump(mode="json"))


@pytest.mark.parametrize(
    "message",
    [
        None,
        5,
        [],
        {},
        {"type": "fly"},
        {"type": "play", "extra": 1},
        {"type": "step", "n": 0},
        {"type": "step", "n": 10**6},
        {"type": "step", "players": "both "},
        {"type": "speed", "steps_per_second": math.nan},
        {"type": "speed", "steps_per_second": math.inf},
        {"type": "speed", "steps_per_second": 0},
        {"type": "set", "path": "x" * 201, "value": 1},
        {"type": "set", "path": "\ud800", "value": 1},
    ],
)
def test_what_is_no_command_is_refused(message: Any) -> None:
    with pytest.raises(ValidationError):
        steering_adapter.validate_python(message)


def test_a_number_that_is_none_travels_as_null() -> None:
    assert Set(path="a", value=math.nan).model_dump_json() == '{"type":"set","path":"a","value":null,"member":null}'


# -------------------------------------------------------------------------------------------------------------- packets


@given(st.lists(st.tuples(st.sampled_from([EVENT, FRAME, METRICS]), st.binary(max_size=300)), max_size=5))
def test_packets_come_back_in_order_and_then_the_end(packets: list[tuple[bytes, bytes]]) -> None:
    stream = io.BytesIO()
    for kind, body in packets:
        write_packet(stream, kind, body)
    stream.seek(0)
    assert [read_packet(stream) for _ in packets] == packets
    assert read_packet(stream) is None


def test_a_packet_cut_short_anywhere_is_broken() -> None:
    stream = io.BytesIO()
    write_packet(stream, EVENT, b"0123456789")
    whole = stream.getvalue()
    for length in range(1, len(whole)):
        with pytest.raises(BrokenPacket, match="ended"):
            read_packet(io.BytesIO(whole[:length]))
    assert read_packet(io.BytesIO(b"")) is None


@pytest.mark.parametrize("header", [b"Hello world, a stray print\n", b"\0" * 16, struct.pack("<cI", EVENT, MAX_PACKET + 1)])
def test_garbage_and_giants_are_broken_without_reading_on(header: bytes) -> None:
    stream = io.BytesIO(header)
    with pytest.raises(BrokenPacket, match="expected a packet"):
        read_packet(stream)
    assert stream.tell() <= 5
