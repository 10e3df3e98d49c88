"""Targets p_r and latents p_z: samples, and densities where there are any, one implementation per settings class.

A newcomer is a settings class, entered in `gandash.config.data`, and a subclass of `Distribution` that `implements` it; it then
appears in the page, the command line, saved files and the shared test matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from gandash.config.data import DataConfig
from gandash.config.setting import Settings, variants
from gandash.game.distributions import line, pictures, plane  # noqa: F401 (their laws are looked for)
from gandash.game.distributions.base import (
    Atoms,
    Attribute,
    Distribution,
    LineDistribution,
    Modes,
    PictureDistribution,
    PlaneDistribution,
    PointDistribution,
)
from gandash.game.distributions.latent import DrawnLatent, Latent


@cache
def law_of(settings: type[Settings]) -> type[Distribution]:
    """The law that implements these settings. Raises LookupError where none does that has been imported."""
    for law in _below(Distribution):
        if vars(law).get("implements") is settings:
            return law
    raise LookupError(f"no law implements {settings.__name__}")


def _below(law: type[Any]) -> Iterator[type[Distribution]]:
    for one in law.__subclasses__():
        yield one
        yield from _below(one)


DISTRIBUTIONS: dict[type[Settings], type[Distribution]] = {settings: law_of(settings) for settings in variants(DataConfig)}


def distribution(settings: Settings) -> Distribution:
    """The distribution that these settings describe."""
    return law_of(type(settings))(settings)


__all__ = [
    "DISTRIBUTIONS",
    "Atoms",
    "Attribute",
    "Distribution",
    "DrawnLatent",
    "Latent",
    "LineDistribution",
    "Modes",
    "PictureDistribution",
    "PlaneDistribution",
    "PointDistribution",
    "distribution",
    "law_of",
]
