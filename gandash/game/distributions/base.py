"""What every distribution offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Generator, Tensor

from gandash.settings import Settings


class Distribution(ABC):
    """A law on R^dimension with exact density; every draw takes its generator."""

    implements: ClassVar[type[Settings]]
    dimension: ClassVar[int] = 1

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @abstractmethod
    def sample(self, generator: Generator, n: int) -> Tensor:
        """n independent draws, shape `(n, dimension)`, float32."""

    @abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats for x of shape `(..., dimension)`; shape `(...)`, -inf outside the support. In x's precision."""

    @abstractmethod
    def cdf(self, x: Tensor) -> Tensor:
        """P(X <= x) for x of shape `(...)` (one dimension only), float64."""

    @abstractmethod
    def quantile_range(self, mass: float) -> tuple[float, float]:
        """The central interval that holds `mass`: from quantile (1 - mass)/2 to (1 + mass)/2."""

    @abstractmethod
    def modes(self) -> tuple[float, ...]:
        """Where the law's components sit, merged or not as densities; () where it has none (a plateau)."""
