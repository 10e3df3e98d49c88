"""All examinations by name. A new one is a file with an `Examination` in it, its line here, and its word on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gandash.examine.best_response import BEST_RESPONSE
from gandash.examine.duality import DUALITY
from gandash.examine.examination import CheckCancelled, Examination, FrozenGame, GameCopy, Progress, Unfit
from gandash.examine.landscape import LANDSCAPE
from gandash.examine.samples import SAMPLES
from gandash.examine.spectrum import SPECTRUM
from gandash.wire.findings import Examinable
from gandash.words import say

EXAMINATIONS: dict[Examinable, Examination] = {one.what: one for one in (SPECTRUM, LANDSCAPE, BEST_RESPONSE, DUALITY, SAMPLES)}


def examine(what: Examinable, frozen: FrozenGame, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """The results of one examination, as they come. Raises ValueError in words where there can be none."""
    state, examination = frozen.state, EXAMINATIONS[what]
    if not all(bool(torch.isfinite(t).all()) for t in (state.theta, state.phi, state.phi_effective)):
        raise Unfit(say("The game has diverged: its parameters are no longer finite numbers. Go back to a finite state first."))
    if why := examination.refusal(frozen.config):
        raise Unfit(why)
    yield from examination.results(GameCopy.of(frozen), check_cancelled)


def estimates(frozen: FrozenGame) -> dict[Examinable, float]:
    """Seconds by examination, without those that this game does not admit or whose time is not known in advance."""
    copy = GameCopy.of(frozen)
    found: dict[Examinable, float] = {}
    for what, examination in EXAMINATIONS.items():
        if examination.refusal(frozen.config):
            continue
        try:
            found[what] = float(f"{examination.seconds(copy):.2g}")
        except ValueError:  # an examination that this game does not admit says so itself, when it is asked for
            continue
    return found
