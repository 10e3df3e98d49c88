"""Targets p_r and latents p_z: `sample` and densities, one implementation per settings class.

A newcomer is a settings class in `gandash.targets` and a subclass with `implements` set in this package; it then appears in
the page, the command line, saved files and the shared test matrix.
"""

from __future__ import annotations

from gandash.game.distributions.base import Distribution, LineDistribution, Modes, PlaneDistribution
from gandash.game.distributions.latent import Latent
from gandash.game.distributions.line import Gaussian, Mixture, Uniform
from gandash.game.distributions.plane import Checkerboard, Gaussian2D, Grid, Mixture2D, Ring, SwissRoll, TwoMoons
from gandash.settings import Settings

DISTRIBUTIONS: dict[type[Settings], type[Distribution]] = {
    d.implements: d for d in (Gaussian, Mixture, Uniform, Gaussian2D, Mixture2D, Ring, Grid, TwoMoons, SwissRoll, Checkerboard)
}


def distribution(settings: Settings) -> Distribution:
    """The distribution that these settings describe."""
    return DISTRIBUTIONS[type(settings)](settings)


__all__ = ["DISTRIBUTIONS", "Distribution", "Latent", "LineDistribution", "Modes", "PlaneDistribution", "distribution"]
