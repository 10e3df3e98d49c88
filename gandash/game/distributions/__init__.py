"""Targets p_r and latents p_z: samples, and densities where there are any, one implementation per settings class.

A newcomer is a settings class in `gandash.config.data` and a subclass with `implements` set in
this package; it then appears in the page, the command line, saved files and the shared test matrix.
"""

from __future__ import annotations

from gandash.config.setting import Settings
from gandash.game.distributions import line, pictures, plane
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
from gandash.game.distributions.latent import Latent

_LAWS: tuple[type[Distribution], ...] = (
    *(line.Gaussian, line.Mixture, line.Uniform, line.Laplace, line.StudentT, line.PointMass, line.Samples),
    *(plane.Gaussian2D, plane.Mixture2D, plane.Ring, plane.Grid, plane.TwoClusters),
    *(plane.TwoMoons, plane.SwissRoll, plane.Spirals, plane.Segment),
    *(plane.Annulus, plane.Checkerboard, plane.Drawn, plane.Samples2D),
    *(pictures.Digits, pictures.Bars, pictures.DiscsAndSquares, pictures.Blobs, pictures.UploadedPictures),
)
DISTRIBUTIONS: dict[type[Settings], type[Distribution]] = {law.implements: law for law in _LAWS}


def distribution(settings: Settings) -> Distribution:
    """The distribution that these settings describe."""
    return DISTRIBUTIONS[type(settings)](settings)


__all__ = [
    "DISTRIBUTIONS",
    "Atoms",
    "Attribute",
    "Distribution",
    "Latent",
    "LineDistribution",
    "Modes",
    "PictureDistribution",
    "PlaneDistribution",
    "PointDistribution",
    "distribution",
]
