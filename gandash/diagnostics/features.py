"""Where pictures are compared: features in which a distance says more than one between pixels does.

For the lab's digits these are the activations of a small classifier, which also says what digit a picture shows. For any other
pictures they are those of a convolutional network with random weights: no labels, no weights file, the same numbers everywhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from gandash.diagnostics.estimators import Array
from gandash.paths import ASSETS

CLASSIFIER = ASSETS / "data" / "digits-classifier.safetensors"
DIGIT_CLASSES = 10

Weights = Mapping[str, Tensor]


class FeatureSpace(ABC):
    """A fixed map of pictures to R^dimension; `words` says what it is."""

    dimension: int
    words: str

    @abstractmethod
    def of(self, x: Tensor) -> Array:
        """Features `(n, dimension)`, float64, of pictures `(n, channels × side × side)` in [-1, 1]."""


def digit_activations(weights: Weights, x: Tensor) -> Tensor:
    """The classifier's last hidden layer, `(n, 32)`, never negative, for pictures `(n, 64)` in [-1, 1]."""
    h = F.relu(F.conv2d(x.reshape(-1, 1, 8, 8), weights["narrow.weight"], weights["narrow.bias"], padding=1))
    h = F.max_pool2d(F.relu(F.conv2d(h, weights["wide.weight"], weights["wide.bias"], padding=1)), 2)
    return F.relu(F.linear(h.flatten(1), weights["hidden.weight"], weights["hidden.bias"]))


def digit_logits(weights: Weights, activations: Tensor) -> Tensor:
    """Logits `(n, 11)` of the ten digits and, last, of no digit at all."""
    return F.linear(activations, weights["last.weight"], weights["last.bias"])


class DigitFeatures(FeatureSpace):
    """The last hidden layer of the digits' classifier, which `tests/assets/train_digits_classifier.py` trains."""

    dimension = 32
    words = "the 32 activations of the last hidden layer of the lab's own classifier of these digits"

    @cached_property
    def weights(self) -> Weights:
        """Kept in half precision, used in single."""
        return {name: tensor.float() for name, tensor in load_file(CLASSIFIER).items()}

    @torch.inference_mode()
    def of(self, x: Tensor) -> Array:
        return digit_activations(self.weights, x.float()).double().numpy()

    @torch.inference_mode()
    def digits(self, features: Array) -> NDArray[np.intp]:
        """The digit that each picture shows, `(n,)`, -1 where none has a probability above 1/2."""
        logits = digit_logits(self.weights, torch.from_numpy(features).float())
        surest, which = logits.softmax(dim=1).max(dim=1)
        return torch.where((surest > 0.5) & (which < DIGIT_CLASSES), which, -1).numpy().astype(np.intp)


class RandomFeatures(FeatureSpace):
    """Two 3 × 3 convolutions of stride 2 with ReLU, 16 and 32 channels wide, then a linear map of all their outputs to R^64.

    Weights are normal with variance 2 / inputs (the last: 1 / inputs), drawn once from a fixed seed, without biases; light runs
    from 0 (black) to 2. Far from what published networks were trained on, random ones compare samples more sensibly than these
    (Naeem et al. 2020, arXiv:2002.09797). Measured here beside the lowest 64 cosine coefficients, they felt blur more. They
    know nothing of what a picture shows.
    """

    SEED: ClassVar[int] = 20200223
    dimension = 64
    words = "64 outputs of a fixed network of two convolutions with random weights"

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        channels, side, _ = shape
        quarter = math.ceil(math.ceil(side / 2) / 2)
        drawn = np.random.default_rng(self.SEED)

        def weights(gain: float, *size: int) -> Tensor:
            scaled = drawn.standard_normal(size) * math.sqrt(gain / math.prod(size[1:]))
            return torch.from_numpy(scaled).float()

        self._convolutions = weights(2, 16, channels, 3, 3), weights(2, 32, 16, 3, 3)
        self._linear = weights(1, self.dimension, 32 * quarter**2)

    @torch.inference_mode()
    def of(self, x: Tensor) -> Array:
        h = x.float().reshape(-1, *self._shape) + 1
        for filters in self._convolutions:
            h = F.relu(F.conv2d(h, filters, stride=2, padding=1))
        return F.linear(h.flatten(1), self._linear).double().numpy()
