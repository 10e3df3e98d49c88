"""What the server tells a browser over the live socket, beside the arrays of curves and pictures.

As text: `RunState` whenever it has changed, `Notice` when a command was refused, `Welcome` to a page that came without a token,
`StepTold` where somebody asked for a step to be told.
With arrays: `HistoryLabel` for what the browser lacks of the curves, then `FrameLabel` for a picture. A browser says `Hello`,
then `Painted` after each picture, and the commands of `messages.Steering`. Of recorded runs it is told by HTTP: `Recorded`, and
`Beside` with each picture. `typescript.py` has all of it in TypeScript.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from gandash.wire.facts import Facts, Interval
from gandash.wire.findings import Examinable, Finding
from gandash.wire.model import Measured, Message
from gandash.words import Said


class Role(StrEnum):
    """What a token allows."""

    STEER = "steer"
    WATCH = "watch"


class Status(StrEnum):
    """Where a run stands."""

    PAUSED = "paused"
    RUNNING = "running"
    DIVERGED = "diverged"
    FAILED = "failed"
    ENDED = "ended"


class VerdictKind(StrEnum):
    """Which rule spoke: see `gandash.diagnostics.verdict`."""

    WAITING = "waiting"
    TRAINING = "training"
    CONVERGING = "converging"
    CONVERGED = "converged"
    MODES_FOUND = "modes_found"
    OSCILLATING = "oscillating"
    DISCRIMINATOR_WON = "discriminator_won"
    BLIND = "blind"
    COLLAPSED = "collapsed"
    DIVERGED = "diverged"


class Verdict(Message):
    """How a game goes, in words: as at `step`."""

    kind: VerdictKind
    title: Said
    reason: Said
    step: int


class Mark(Message):
    """A change of setting as the curves label it: `lr_D 3e-3 → 1e-3`."""

    step: int
    label: Said


class GameState(Message):
    """One game of a run; `label` tells it from those that it is compared with."""

    label: str
    facts: Facts
    verdict: Verdict
    marks: tuple[Mark, ...]


class LinkParts(Message):
    """The link of a run (`gandash.links`) but for its end, `~at-STEP`, which says where the run stands.

    `here` is that end for `step`, where the run stands still. `until`: the last step that the link can tell of, since there was
    no room in it for what was changed then. `missing`: the settings, as paths, that were too large for it.
    """

    text: str
    step: int
    here: str
    until: int | None = None
    missing: tuple[str, ...] = ()


class RunState(Message):
    """The whole state of a run, without curves and pictures.

    `games` is empty until the first has begun, and holds several when they are compared. `speed` is in rounds per second, None
    for as fast as possible; `durations` are about how many seconds each examination takes here. `record` is the id under which
    the game is recorded, "" where it is not. `link` is there once the games have begun; `followed` counts the changes that they
    made by themselves, as the link says that they were opened by.
    """

    type: Literal["run"] = "run"
    role: Role
    generation: int
    status: Status
    reason: Said
    notice: Said
    step: int
    speed: float | None
    examined: dict[Examinable, Finding]
    durations: dict[Examinable, float]
    games: tuple[GameState, ...]
    record: str
    link: LinkParts | None
    followed: int = 0


class Notice(Message):
    """Why a command was not followed, in words for the person who gave it."""

    type: Literal["refused"] = "refused"
    message: Said


class Welcome(Message):
    """The token of the run that a page without one was given."""

    type: Literal["welcome"] = "welcome"
    token: str


# --------------------------------------------------------------------------------------------------------------- arrays


class Nearest(Message):
    """The real picture nearest to the chosen one: how far it is, and how far real ones are from each other."""

    index: int
    distance: Measured
    typical: Measured
    label: str | None


class CloseUp(Message):
    """What the frame shows more closely: see `messages.ShowCloseUp`. `d_between` is D of the picture between two latents."""

    selected: int | None
    other: int | None
    share: float
    map: bool
    nearest: Nearest | None = None
    d_between: Measured = None


class ImageGridLabel(Message):
    """Of a grid of pictures: where D's histogram lies, and what each generated one is read as, where classes have names."""

    histogram_range: Interval
    classes_of_generated: tuple[str | None, ...] | None
    close_up: CloseUp


class PictureLabel(Message):
    """Of one game's picture: `numbers` by column belong to step `measured`, which may be some steps before `step`.

    The JSD on the plane is of step `jsd_step`, and may be off by `jsd_error`: both stand among the numbers.
    `in_force`: by a setting's path, what it comes to at `step`, where that is not what it is set to.
    """

    step: int
    measured: int
    numbers: dict[str, Measured]
    in_force: dict[str, Said]
    image_grid: ImageGridLabel | None = None


class FrameLabel(Message):
    """Of one picture of a run. `members` are those of its games; array names of compared games begin with their number."""

    kind: Literal["frame"] = "frame"
    generation: int
    steps_per_second: float
    step: int
    members: tuple[PictureLabel, ...]


class HistoryLabel(Message):
    """Of rows of the curves: those from `first` on replace the browser's own. Each row covers `stride` steps.

    `recent_reset`: the newest steps are sent anew.
    """

    kind: Literal["history"] = "history"
    generation: int
    columns: tuple[str, ...]
    stride: int
    first: int
    recent_reset: bool


# ------------------------------------------------------------------------------------------------------------- recorded


class SaidOfGame(Message):
    """What was true of one game, and said of it, when a picture of it was recorded."""

    facts: Facts
    verdict: Verdict


class Beside(Message):
    """What a recorded picture needs beside its frame to be shown as it was."""

    games: tuple[SaidOfGame, ...]


class RecordedGame(Message):
    """One game of a recorded run: its name among those compared, and the changes of its settings."""

    label: str
    marks: tuple[Mark, ...]


class Recorded(Message):
    """What there is of a recorded run: up to which `step`, and the steps of its `pictures`. `epoch` grows whenever the run is
    set back, and then other pictures may stand under the same steps. `growing`: it is being recorded at this moment;
    `playable`: it could be played on from here.
    """

    type: Literal["recorded"] = "recorded"
    run: str
    title: str
    epoch: int
    step: int
    pictures: tuple[int, ...]
    games: tuple[RecordedGame, ...]
    growing: bool = False
    playable: bool = True


# ----------------------------------------------------------------------------------------------------- from the browser


class Hello(Message):
    """The first message: a token, or what the address of a page that is just opening calls its run, and the link in it."""

    type: Literal["hello"] = "hello"
    token: str
    arriving: str | None = None
    link: str = ""


class Painted(Message):
    """The picture is on the screen: the next may come."""

    type: Literal["ack"] = "ack"
