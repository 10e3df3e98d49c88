"""One round told apart for the game as a graph: what each player drew, saw and did in the round that begins at a step."""

from __future__ import annotations

from typing import Literal

from gandash.wire.model import Measured, Message

Numbers = tuple[Measured, ...]


class Cloud(Message):
    """Some of the samples of a batch: `points`, their first one or two coordinates one after the other, `width` of each; or, of
    pictures, the bytes of their pixels as base64, channel by channel."""

    width: int
    points: Numbers = ()
    pixels: str = ""


class PenaltyTold(Message):
    """One term on D's slope: its name among the settings, its weight, and what it adds to the loss.

    `slope`: the mean that the weight multiplies (half the weight, for R1 and R2): E |grad_x a|^2, or E (|grad_x a| - 1)^2.
    """

    name: str
    weight: float
    value: Measured
    slope: Measured


class LookTold(Message):
    """One player's look at its loss, and the move that came of it.

    `drew_real`, `drew_latents`: whether they were drawn for this look; else the batch of the look before is used again.
    `is_ahead`: the move only looks ahead, and is put back; `from_ahead`: the look is from where such moves led.
    `d_real`, `d_fake` are what D says of samples in the cloud, as it is read under the objective, and `mean_real`, `mean_fake`
    the means over the whole batch. `terms`: the parts that `loss` is the sum of, where it is one of two. `total`: the loss with
    its penalties. `gradient` is the norm of its gradient, `along` that of what the player moves along (another where the rule
    makes more of it), `update` that of the move: None where the player stood still.
    """

    player: Literal["D", "G"]
    drew_real: bool
    drew_latents: bool
    is_ahead: bool
    from_ahead: bool
    latents: Cloud
    real: Cloud
    fake: Cloud
    d_real: Numbers
    d_fake: Numbers
    mean_real: Measured
    mean_fake: Measured
    terms: Numbers
    penalties: tuple[PenaltyTold, ...]
    loss: Measured
    total: Measured
    gradient: Measured
    along: Measured
    update: Measured
    learning_rate: float


class StepTold(Message):
    """The round that begins at `step`, before it is played; `ask` is that of who asked.

    `rule` is the kind of update rule, `batch` the samples of each law in a look, `pack` how many of them D judges together,
    `noise` the standard deviation of instance noise. `ended_elsewhere`: the rule put the players elsewhere than where their
    last moves led.
    """

    type: Literal["step_told"] = "step_told"
    generation: int
    ask: int = 0
    step: int
    players: Literal["D", "G", "both"]
    rule: str
    optimisers: tuple[str, str]
    batch: int
    pack: int
    noise: Measured
    smoothing: float
    ended_elsewhere: bool
    looks: tuple[LookTold, ...]
