"""The laws that real data may follow: one settings class each, and `DataConfig`, the union of them.

`gandash.game.distributions` has an implementation for each; a newcomer needs both.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gandash.config.data.base import PointsConfig
from gandash.config.data.drawn import DrawnConfig
from gandash.config.data.line import (
    GaussianConfig,
    LaplaceConfig,
    MixtureConfig,
    PointMassConfig,
    StudentTConfig,
    UniformConfig,
)
from gandash.config.data.pictures import (
    BarsConfig,
    BlobsConfig,
    DigitsConfig,
    DiscsAndSquaresConfig,
    DrawnPicturesConfig,
    FoundPicturesConfig,
    PicturesConfig,
    UploadedPicturesConfig,
)
from gandash.config.data.plane import (
    AnnulusConfig,
    CheckerboardConfig,
    Gaussian2DConfig,
    GridConfig,
    Mixture2DConfig,
    RingConfig,
    SegmentConfig,
    SpiralsConfig,
    SwissRollConfig,
    TwoClustersConfig,
    TwoMoonsConfig,
)
from gandash.config.data.uploaded import Samples2DConfig, SamplesConfig

__all__ = [
    "AnnulusConfig",
    "BarsConfig",
    "BlobsConfig",
    "CheckerboardConfig",
    "DataConfig",
    "DigitsConfig",
    "DiscsAndSquaresConfig",
    "DrawnConfig",
    "DrawnPicturesConfig",
    "FoundPicturesConfig",
    "Gaussian2DConfig",
    "GaussianConfig",
    "GridConfig",
    "LaplaceConfig",
    "Mixture2DConfig",
    "MixtureConfig",
    "PicturesConfig",
    "PointMassConfig",
    "PointsConfig",
    "RingConfig",
    "Samples2DConfig",
    "SamplesConfig",
    "SegmentConfig",
    "SpiralsConfig",
    "StudentTConfig",
    "SwissRollConfig",
    "Target",
    "TwoClustersConfig",
    "TwoMoonsConfig",
    "UniformConfig",
    "UploadedPicturesConfig",
]

Target = PointsConfig | PicturesConfig

DataConfig = Annotated[
    GaussianConfig
    | MixtureConfig
    | UniformConfig
    | LaplaceConfig
    | StudentTConfig
    | PointMassConfig
    | SamplesConfig
    | Gaussian2DConfig
    | Mixture2DConfig
    | RingConfig
    | GridConfig
    | TwoClustersConfig
    | TwoMoonsConfig
    | SwissRollConfig
    | SpiralsConfig
    | SegmentConfig
    | AnnulusConfig
    | CheckerboardConfig
    | DrawnConfig
    | Samples2DConfig
    | DigitsConfig
    | BarsConfig
    | DiscsAndSquaresConfig
    | BlobsConfig
    | UploadedPicturesConfig,
    Field(discriminator="kind"),
]
