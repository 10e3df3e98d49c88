"""Points in space, for `test_a_new_kind`: what both processes know of them, and neither needs torch for."""

from __future__ import annotations

from typing import Literal

from gandash.config.data import PointsConfig
from gandash.config.setting import setting
from gandash.wire.facts import Interval, PointFacts


class CloudsConfig(PointsConfig):
    """Two round clouds on the diagonal of space."""

    dimension = 3

    kind: Literal["clouds"] = "clouds"
    distance: float = setting(2.0, label="Distance", help="Between the clouds.", ge=0.0, le=10.0)
    std: float = setting(0.25, label="Width", help="The standard deviation of each.", gt=0.0, le=2.0)

    def summary(self) -> str:
        return f"two clouds, {self.distance:g} apart"


class SpaceFacts(PointFacts):
    stage: Literal["space"] = "space"
    window: Interval
