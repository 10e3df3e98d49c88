"""The version, names, limits and JSON of a recorded run."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gandash.config.refused import problem_of
from gandash.config.setting import JsonValue
from gandash.wire.browser import VerdictKind
from gandash.wire.facts import Engine
from gandash.wire.messages import MAX_MEMBERS, Change
from gandash.words import Said, say

FORMAT = 1
MANIFEST, EVENTS = "manifest.json", "events.jsonl"
JOURNAL, STEPS, ENVELOPE = "metrics/journal", "metrics/steps", "metrics/envelope"
KEYFRAMES, PICTURES = "keyframes", "pictures"

SUFFIXES = {JOURNAL: ".rows", STEPS: ".parquet", ENVELOPE: ".parquet", KEYFRAMES: ".safetensors", PICTURES: ".frames"}
"""The folders of a run, and what the names of their files end in. In this order they are read and copied while the run is
recorded: rows leave the journal when they stand among the steps."""
GROWING = (JOURNAL, PICTURES)
"""Folders whose newest file is appended to; all others are whole."""

MEGABYTE = 10**6
STEP_FILE_BYTES, STEP_FILES = 2 * MEGABYTE, 12  # of rows as they are in memory, and how many such files
SPAN = 16  # steps in a row of the envelope, to begin with
ENVELOPE_FILES = 64  # a quarter of the numbers of a file of rows, at most, each with mean, low, high and count
KEYFRAME_BYTES, KEYFRAME_FILES = 70 * MEGABYTE, 256
PICTURE_BYTES, PICTURE_FILE_BYTES = 50 * MEGABYTE, 2 * MEGABYTE
EVENT_BYTES = 12 * MEGABYTE
MAX_CHANGES = 200_000  # of a game; rounds by hand are one each
MANIFEST_BYTES = MAX_MEMBERS * 4 * 2**20  # a config with 200,000 uploaded rows has two million characters
LARGEST_STEP = 2**31 - 1  # steps are int32 wherever rows travel
LARGEST_EPOCH = 999_999

ID = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]{0,99}")


class BrokenRun(ValueError):
    """A folder that holds no run, or files that do not belong to one: says which, and why."""


class Busy(OSError):
    """A run is being recorded at this moment, and cannot be moved away from under its writer."""


class CannotRecord(OSError):
    """A run cannot be recorded, or no longer: says why."""


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)  # fields that a later edition adds are passed over


class Parent(_Kept):
    """The run that this one branched off, and where."""

    run: str = Field(pattern=f"^{ID.pattern}$")
    step: int = Field(ge=0, le=LARGEST_STEP)


class Manifest(_Kept):
    """What a run is. `named`: a person gave it its title. `columns` are those of the curves, `engines` one for each game.
    `given`: in words, players and objective that were given from Python, in place of what `configs` say."""

    format: Literal[1] = 1
    id: str = Field(pattern=f"^{ID.pattern}$")
    title: str = Field("", max_length=200)
    named: bool = False
    preset: str = Field("", max_length=100)
    owner: str = Field("", max_length=64)
    created: str = Field(max_length=40)
    configs: tuple[JsonValue, ...] = Field(min_length=1, max_length=MAX_MEMBERS)
    labels: tuple[str, ...] = ()
    engines: tuple[Engine, ...]
    columns: tuple[str, ...] = Field(min_length=1, max_length=1000)
    versions: dict[str, str] = {}
    given: dict[str, str] = {}
    parent: Parent | None = None

    def model_post_init(self, _: Any) -> None:
        if len(self.engines) != len(self.configs):
            raise ValueError("there must be as many engines as configs")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("no column may come twice")


class _Event(_Kept):
    step: int = Field(ge=0, le=LARGEST_STEP)


class _OfMember(_Event):
    member: int = Field(0, ge=0, lt=MAX_MEMBERS)


class SetEvent(_OfMember):
    """From `step` on, `path` is `new`: see `messages.Change`."""

    kind: Literal["set"] = "set"
    path: str = Field(max_length=200)
    label: str = Field("", max_length=200)
    old: JsonValue = None
    new: JsonValue = None
    restarts_half_life: bool = False
    keeps_averages: bool = False

    def changes(self) -> list[Change]:
        return [Change.model_validate(self.model_dump(exclude={"member"}))]


class StepEvent(_OfMember):
    """So many rounds, from `step` on, in which only these players moved."""

    kind: Literal["step"] = "step"
    players: Literal["D", "G", "both"]
    rounds: int = Field(1, ge=1, le=100_000)

    def changes(self) -> list[Change]:
        return [Change(kind="step", step=self.step + i, players=self.players) for i in range(self.rounds)]


class RewoundEvent(_Event):
    """The run went on from `step`, as if what came after had not been; of each game's changes so many were left."""

    kind: Literal["rewound"] = "rewound"
    kept: tuple[int, ...]


class StoppedEvent(_OfMember):
    """Of several games one had diverged: it stands still as it was at step `at`, with so many changes."""

    kind: Literal["stopped"] = "stopped"
    at: int = Field(ge=0, le=LARGEST_STEP)
    kept: int = Field(ge=0)


class KeyframeEvent(_Event):
    """A keyframe was written. `state` is the SHA-256 of all its games' states, for who plays them again."""

    kind: Literal["keyframe"] = "keyframe"
    state: str = Field(max_length=80)


class VerdictEvent(_OfMember):
    """The verdict became another one."""

    kind: Literal["verdict"] = "verdict"
    verdict: VerdictKind
    title: Said
    reason: Said


RunEvent = Annotated[
    SetEvent | StepEvent | RewoundEvent | StoppedEvent | KeyframeEvent | VerdictEvent, Field(discriminator="kind")
]
event_adapter: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)


class Named(NamedTuple):
    """What a file's name says: its epoch, and the steps from `first` to `last`, which are one for a keyframe."""

    epoch: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.epoch:06d}-{self.first:010d}-{self.last:010d}"

    @classmethod
    def of(cls, name: str, suffix: str) -> Named | None:
        """None for a name that is not of this form: somebody else's file, or one that was never finished."""
        found = _NAME.fullmatch(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if found is None:
            return None
        named = cls(*map(int, found.groups()))
        return named if named.first <= named.last <= LARGEST_STEP else None


_NAME = re.compile(r"([0-9]{6})-([0-9]{10})-([0-9]{10})", re.ASCII)


def first_fault(error: ValidationError) -> Said:
    """What is wrong with a model, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return say("{where}: {problem}", where=where, problem=problem_of(first)) if where else problem_of(first)
