"""All kinds of data. A new one is an object here, its laws, and the stage of the live view that draws it.

What the server knows of it, without torch, is entered in two unions: its settings in `gandash.config.data.DataConfig`, and what
its stage is told in `gandash.wire.facts.Facts`. The stage itself is a line in `assets/live/stages.js`, which `tsc` misses
otherwise. `tests/domains/test_a_new_kind.py` adds points in space.
"""

from __future__ import annotations

from gandash.domains.domain import Domain
from gandash.domains.line import LineDomain
from gandash.domains.pictures import PictureDomain
from gandash.domains.plane import PlaneDomain
from gandash.domains.scalar import ScalarDomain
from gandash.game.game import Game

DOMAINS: list[Domain] = [ScalarDomain(), LineDomain(), PlaneDomain(), PictureDomain()]
"""Tried in this order: a scalar game is played on the line as well."""


def domain_of(game: Game) -> Domain:
    """The kind of data that this game is played on; raises LookupError where none includes it."""
    for domain in DOMAINS:
        if domain.includes(game):
            return domain
    raise LookupError(f"no domain in gandash.domains.registry includes games on {type(game.data).__name__}")
