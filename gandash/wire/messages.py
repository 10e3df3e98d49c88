"""What server and worker say to each other: commands down, events up, and the packets that carry them.

Commands travel as JSON lines. Events travel as packets: one byte for the kind, four for the length (little endian), the
body. Kinds: `E` an event as JSON, `F` a frame, `M` metrics (both in the safetensors layout, see `frame.py`). No pickle.
"""

from __future__ import annotations

import struct
from typing import IO, Annotated, Any, Literal, Protocol

from pydantic import Field, TypeAdapter

from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.wire.browser import LinkParts, Status, Verdict
from gandash.wire.facts import Engine, Facts
from gandash.wire.findings import Examinable, Finding
from gandash.wire.model import Message
from gandash.wire.told import StepTold
from gandash.words import Said

MAX_MEMBERS = 8  # games that one run compares


# ------------------------------------------------------------------------------------------------------------- commands


class Recording(Message):
    """Where a run is recorded, and what its manifest says of it (see `gandash.store.format.Manifest`)."""

    directory: str
    id: str
    title: str = ""
    preset: str = ""
    owner: str = ""
    labels: tuple[str, ...] = ()
    parent: tuple[str, int] | None = None


class Branch(Message):
    """Where a game branches off: the folder of a recorded run, and a step of it."""

    directory: str
    step: int


class Change(Message):
    """One entry of the event log: something that shaped the trajectory, and the step it took effect at.

    `set`: from step `step` on, `path` is `new`. `step`: the round that began at `step` moved only `players`.
    `restarts_half_life`: instance noise fades from here on; logs from before that was kept count its half-life from step 0.
    `keeps_averages`: Adam's corrected averages stay as they were; in logs from before that was kept another beta changed them.
    """

    kind: Literal["set", "step"]
    step: int
    path: str = ""
    label: str = ""
    old: JsonValue = None
    new: JsonValue = None
    restarts_half_life: bool = False
    keeps_averages: bool = False
    players: Literal["D", "G", "both"] = "both"


class Plan(Message):
    """What games do by themselves: each makes its `changes` at their steps, as in another run's event log, until a person
    changes something; and while they play, they go on as fast as they can up to step `until`, and pause there."""

    changes: tuple[tuple[Change, ...], ...]
    until: int = 0


class Start(Message):
    """Begin a game, or several in lockstep: at step 0, from a checkpoint file, or as they were in a recorded run.
    `generation` numbers the games of one run.

    `playing`: whether it plays at once; None means as the game before it did. `record`: where it is to be recorded, if at all.
    `preset`: the ready game that it is told by. `engines`: who is to play each game, None and none: the best there is; a
    `plan` may belong to one of them alone.
    """

    type: Literal["start"] = "start"
    generation: int
    configs: tuple[GameConfig, ...] = Field(min_length=1, max_length=MAX_MEMBERS)
    directory: str
    checkpoint: str | None = None
    branch: Branch | None = None
    playing: bool | None = False
    speed: float | None = None
    record: Recording | None = None
    preset: str = ""
    engines: tuple[Engine | None, ...] = ()
    plan: Plan | None = None


class Play(Message):
    """Play from here on."""

    type: Literal["play"] = "play"


class Pause(Message):
    """Stand still at the next step boundary; rounds that wait to be played by hand are forgotten."""

    type: Literal["pause"] = "pause"


class StepBy(Message):
    """Play `n` rounds in which only these players move, then pause."""

    type: Literal["step"] = "step"
    players: Literal["D", "G", "both"] = "both"
    n: int = Field(1, ge=1, le=100_000)


class Speed(Message):
    """Rounds per second, or None for as fast as possible."""

    type: Literal["speed"] = "speed"
    steps_per_second: float | None = Field(None, ge=0.1, le=1e6)


class Set(Message):
    """Change a live setting at the next step boundary: of one game, or of all."""

    type: Literal["set"] = "set"
    path: str = Field(max_length=200)
    value: Any
    member: int | None = Field(None, ge=0, lt=MAX_MEMBERS)


class SetMany(Message):
    """Change several live settings at one step boundary. In this order: after each of them the game must be a valid one."""

    type: Literal["set_many"] = "set_many"
    changes: tuple[Set, ...]


class Restart(Message):
    """The same game from step 0: with the same seed, or (`new_seed`) the next. For a run, which makes a `Start` of it."""

    type: Literal["restart"] = "restart"
    new_seed: bool = False


class Rewind(Message):
    """Back to a finite state about a second or two ago, paused. What goes on from there is another `generation`."""

    type: Literal["rewind"] = "rewind"
    generation: int = 0


class SendFrame(Message):
    """Somebody can draw: publish one frame, now or as soon as something changed."""

    type: Literal["send_frame"] = "send_frame"


class Examine(Message):
    """Look closely at the state of this moment, beside the game and without disturbing it; answered by `Examined`."""

    type: Literal["examine"] = "examine"
    what: Examinable
    action: Literal["begin", "go_on", "stop"] = "begin"  # or what stopped at its time limit goes on from there; or it ends


class Estimate(Message):
    """About how long each examination of this game would take here; answered by `Estimated`."""

    type: Literal["estimate"] = "estimate"


class ShowCloseUp(Message):
    """What a person looks at more closely in a grid of pictures: it changes what frames hold, and nothing of the game.

    `selected`, `other`: numbers of generated pictures, the ends of a way between two latents; `share`: how far along it.
    `map`: the whole plane of a latent of two dimensions.
    """

    type: Literal["show_close_up"] = "show_close_up"
    selected: int | None = Field(None, ge=0, lt=1024)
    other: int | None = Field(None, ge=0, lt=1024)
    share: float = Field(0.5, ge=0, le=1)
    map: bool = False


class TellStep(Message):
    """Tell the round to come, should these players play it: answered by `StepTold`, and nothing is played. `ask` is told back,
    since all who look hear the answer."""

    type: Literal["tell_step"] = "tell_step"
    players: Literal["D", "G", "both"] = "both"
    ask: int = Field(0, ge=0, lt=2**31)


class End(Message):
    """Save and exit."""

    type: Literal["end"] = "end"


Command = Annotated[
    Start
    | Play
    | Pause
    | StepBy
    | Speed
    | Set
    | SetMany
    | Rewind
    | SendFrame
    | Examine
    | Estimate
    | ShowCloseUp
    | TellStep
    | End,
    Field(discriminator="type"),
]
command_adapter: TypeAdapter[Command] = TypeAdapter(Command)

# What a browser that may steer can ask for; the rest belongs to the supervisor.
Steering = Annotated[
    Play | Pause | StepBy | Speed | Set | Restart | Rewind | Examine | Estimate | ShowCloseUp | TellStep,
    Field(discriminator="type"),
]
steering_adapter: TypeAdapter[Steering] = TypeAdapter(Steering)


# --------------------------------------------------------------------------------------------------------------- events


class Ready(Message):
    """The worker has imported what it needs and takes commands."""

    type: Literal["ready"] = "ready"
    pid: int


class StartedGame(Message):
    """One game as it stands; `facts` are what stays true of it (see `Observer.facts`).

    `noise_halvings`: the steps at which instance noise is half, a quarter, ... of what it was set to, with its sigma there.
    """

    config: GameConfig
    changes: tuple[Change, ...]
    facts: Facts
    noise_halvings: tuple[tuple[int, float], ...] = ()


class Started(Message):
    """The games stand ready at `step`."""

    type: Literal["started"] = "started"
    generation: int
    step: int
    games: tuple[StartedGame, ...]


class StatusChanged(Message):
    """The run plays, stands still or has diverged, at `step`; `reason` in words where it is not a person's wish."""

    type: Literal["status"] = "status"
    generation: int
    status: Status
    step: int
    reason: Said = Said("")


class Changed(Message):
    """A live setting of one game took effect, as ordered or as `planned`; `facts` and `noise_halvings` (see `StartedGame`) as
    they are now."""

    type: Literal["changed"] = "changed"
    generation: int
    member: int = 0
    change: Change
    facts: Facts
    noise_halvings: tuple[tuple[int, float], ...] = ()
    planned: bool = False


class Linked(Message):
    """The link of these games is another."""

    type: Literal["linked"] = "linked"
    generation: int
    link: LinkParts


class VerdictChanged(Message):
    """The verdict on one game is another, or rests on other numbers."""

    type: Literal["verdict"] = "verdict"
    generation: int
    member: int = 0
    verdict: Verdict


class Saved(Message):
    """A checkpoint is safely on disk."""

    type: Literal["saved"] = "saved"
    generation: int
    step: int
    path: str


class Unsaved(Message):
    """No checkpoint can be written; said once, until one can be again. The game goes on."""

    type: Literal["unsaved"] = "unsaved"
    generation: int
    step: int
    reason: Said


class Unrecorded(Message):
    """The run is no longer recorded, or never was: then nothing `is_kept`. Said once; the game goes on."""

    type: Literal["unrecorded"] = "unrecorded"
    generation: int
    step: int
    reason: Said
    is_kept: bool = True


class Refused(Message):
    """A command that cannot be followed, in words for the person who gave it; nothing was changed."""

    type: Literal["refused"] = "refused"
    message: Said


class Examined(Message):
    """What an examination has found so far, or in the end."""

    type: Literal["examined"] = "examined"
    generation: int
    what: Examinable
    finding: Finding


class Estimated(Message):
    """Seconds that each examination takes here: measured, of those that were made, else estimated from their small steps."""

    type: Literal["estimated"] = "estimated"
    generation: int
    seconds: dict[Examinable, float]


class Compiling(Message):
    """A game that compiled code has begun waits for that to be compiled on this machine, half a minute; or waits no more."""

    type: Literal["compiling"] = "compiling"
    generation: int
    over: bool = False


class Heartbeat(Message):
    """Sign of life of the process: one step of a large game may take longer than anybody would wait for a `Pace`."""

    type: Literal["heartbeat"] = "heartbeat"


class WorkerFailed(Message):
    """Why the process is about to end without having been asked."""

    type: Literal["worker_failed"] = "worker_failed"
    reason: Said


class Pace(Message):
    """The pace of the game, twice a second; of a loop that has no game yet, that it is waiting for one."""

    type: Literal["pace"] = "pace"
    generation: int = 0
    step: int = 0
    steps_per_second: float = 0.0


Event = Annotated[
    Ready
    | Started
    | StatusChanged
    | Changed
    | Linked
    | VerdictChanged
    | Saved
    | Unsaved
    | Unrecorded
    | Refused
    | Examined
    | Estimated
    | StepTold
    | Compiling
    | Heartbeat
    | WorkerFailed
    | Pace,
    Field(discriminator="type"),
]
event_adapter: TypeAdapter[Event] = TypeAdapter(Event)


# -------------------------------------------------------------------------------------------------------------- packets

EVENT, FRAME, METRICS = b"E", b"F", b"M"
MAX_PACKET = 64 * 2**20
_HEADER = struct.Struct("<cI")


class BrokenPacket(ValueError):
    """Bytes that are no packet: garbage on the channel, or a packet cut short."""


def write_packet(stream: IO[bytes], kind: bytes, body: bytes) -> None:
    """Write one packet, at once. Raises BrokenPipeError where nobody reads any more."""
    stream.write(_HEADER.pack(kind, len(body)) + body)
    stream.flush()


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_packet(stream: Readable, kinds: tuple[bytes, ...] = (EVENT, FRAME, METRICS)) -> tuple[bytes, bytes] | None:
    """The next (kind, body), or None at a clean end of file; raises BrokenPacket otherwise."""
    header = stream.read(_HEADER.size)
    if not header:
        return None
    if len(header) < _HEADER.size:
        raise BrokenPacket("the channel ended inside a packet's header")
    kind, length = _HEADER.unpack(header)
    if kind not in kinds or length > MAX_PACKET:
        raise BrokenPacket(f"expected a packet, got {header!r}")
    body = stream.read(length)
    if len(body) < length:
        raise BrokenPacket(f"the channel ended after {len(body)} of {length} bytes")
    return kind, body
