"""The digits' classifier, measured on what it was not trained on, and the random features."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Generator, Tensor

from gandash.config.data import DigitsConfig
from gandash.diagnostics.features import CLASSIFIER, DigitFeatures, RandomFeatures, digit_activations, digit_logits
from gandash.game.distributions import PictureDistribution, distribution

SCRIPT = Path(__file__).parents[1] / "assets" / "train_digits_classifier.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("train_digits_classifier", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def digits() -> tuple[Tensor, np.ndarray]:
    law = distribution(DigitsConfig())
    assert isinstance(law, PictureDistribution)
    pictures, labels = law.pictures(), law.labels()
    assert pictures is not None and labels is not None
    return pictures, labels


def told() -> dict[str, str]:
    with safe_open(CLASSIFIER, "pt") as file:
        return dict(file.metadata())


# ------------------------------------------------------------------------------------------------------ the classifier


def test_digits_that_were_held_out_are_read(digits: tuple[Tensor, np.ndarray]) -> None:
    """The share read rightly is counted here, from the file of weights, and is the one that the file itself claims."""
    pictures, labels = digits
    first = int(told()["trained"])
    assert len(labels) - first == 600
    space = DigitFeatures()
    found = space.digits(space.of(pictures[first:]))
    assert (found == labels[first:]).mean() >= 0.975  # with a probability above 1/2
    logits = digit_logits(space.weights, digit_activations(space.weights, pictures[first:]))
    accuracy = float((logits.argmax(dim=1).numpy() == labels[first:]).mean())
    assert accuracy >= 0.96
    # Half precision may turn a digit that stands on the edge, no more
    assert accuracy == pytest.approx(float(told()["held_out_accuracy"]), abs=2 / 600)


def test_the_noise_of_samples_does_not_hurt(digits: tuple[Tensor, np.ndarray]) -> None:
    pictures, labels = digits
    first = int(told()["trained"])
    noise = torch.rand(pictures.shape, generator=Generator().manual_seed(0)) - 0.5
    noisy = (pictures + 2 / 16 * noise).clamp(-1, 1)
    space = DigitFeatures()
    assert (space.digits(space.of(noisy[first:])) == labels[first:]).mean() >= 0.97


def test_no_digit_is_seen_where_there_is_none(digits: tuple[Tensor, np.ndarray]) -> None:
    """What an untrained or a collapsed G makes: a classifier of ten classes alone would name a digit in each."""
    generator = Generator().manual_seed(1)
    pictures, _ = digits
    smooth = torch.randn(500, 8, generator=generator)
    for size in (64, 64):
        drawn = torch.randn(smooth.shape[1], size, generator=generator)
        smooth = torch.tanh(smooth @ drawn * (1.5 / smooth.shape[1] ** 0.5))
    space = DigitFeatures()
    for name, x in {
        "uniform": 2 * torch.rand(500, 64, generator=generator) - 1,
        "normal": 0.3 * torch.randn(500, 64, generator=generator),
        "untrained network": smooth,
        "grey": torch.linspace(-1, 1, 500)[:, None].expand(500, 64),
        "inverted": -pictures[:500],
        "the mean of all": pictures.mean(dim=0, keepdim=True),
    }.items():
        assert (space.digits(space.of(x)) >= 0).mean() <= 0.03, name


def test_the_file_is_small_and_says_where_it_is_from() -> None:
    assert CLASSIFIER.stat().st_size < 64_000
    assert told()["script"] == SCRIPT.name
    words = (CLASSIFIER.parent / "README.md").read_text(encoding="utf-8")
    assert CLASSIFIER.name in words and SCRIPT.name in words and told()["held_out_accuracy"] in words
    assert f"{sum(w.numel() for w in load_file(CLASSIFIER).values()):,} weights" in words


def test_activations_are_those_of_the_plain_network(digits: tuple[Tensor, np.ndarray]) -> None:
    """The same network, spelled with loops over its pixels, gives the same features."""
    picture = digits[0][3]
    space = DigitFeatures()
    w = {name: tensor.double().numpy() for name, tensor in space.weights.items()}

    def convolved(x: np.ndarray, name: str) -> np.ndarray:
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        out = np.empty((len(w[f"{name}.weight"]), 8, 8))
        for i in range(8):
            for j in range(8):
                out[:, i, j] = np.tensordot(w[f"{name}.weight"], padded[:, i : i + 3, j : j + 3], 3) + w[f"{name}.bias"]
        return out.clip(min=0)

    h = convolved(convolved(picture.double().numpy().reshape(1, 8, 8), "narrow"), "wide")
    h = h.reshape(len(h), 4, 2, 4, 2).max(axis=(2, 4)).reshape(-1)
    h = (w["hidden.weight"] @ h + w["hidden.bias"]).clip(min=0)
    np.testing.assert_allclose(space.of(picture[None])[0], h, atol=1e-4)
    assert h.shape == (space.dimension,) and h.max() > 0


def test_the_script_learns(script: ModuleType, digits: tuple[Tensor, np.ndarray]) -> None:
    pictures, labels = digits
    y = torch.from_numpy(labels.copy())
    weights = script.train(pictures[:600], y[:600], epochs=8)
    accuracy = float(
        (digit_logits(weights, digit_activations(weights, pictures[600:]))[:, :10].argmax(1) == y[600:]).float().mean()
    )
    assert accuracy > 0.7
    again = script.train(pictures[:64], y[:64], epochs=1)
    assert all(torch.equal(again[name], w) for name, w in script.train(pictures[:64], y[:64], epochs=1).items())


@pytest.mark.slow
def test_the_script_makes_the_file(script: ModuleType, digits: tuple[Tensor, np.ndarray], tmp_path: Path) -> None:
    """Made anew, it reads the held-out digits as well, and nearly all alike: rounding differs from machine to machine."""
    script.main(["--to", str(tmp_path / "made.safetensors")])
    weights = {name: tensor.float() for name, tensor in load_file(tmp_path / "made.safetensors").items()}
    pictures, labels = (values[int(told()["trained"]) :] for values in digits)
    read = digit_logits(weights, digit_activations(weights, pictures)).argmax(dim=1).numpy()
    space = DigitFeatures()
    kept = digit_logits(space.weights, digit_activations(space.weights, pictures)).argmax(dim=1).numpy()
    assert (read == labels).mean() >= 0.96
    assert (read == kept).mean() >= 0.97


# ------------------------------------------------------------------------------------------------------ random features


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 16, 16), (3, 28, 28), (3, 32, 32)])
def test_random_features_are_the_same_everywhere_and_tell_pictures_apart(shape: tuple[int, int, int]) -> None:
    x = 2 * torch.rand(20, shape[0] * shape[1] * shape[2], generator=Generator().manual_seed(0)) - 1
    space = RandomFeatures(shape)
    found = space.of(x)
    assert found.shape == (20, space.dimension) and found.dtype == np.float64
    np.testing.assert_array_equal(found, RandomFeatures(shape).of(x))
    np.testing.assert_allclose(space.of(x[:1])[0], found[0], atol=1e-5)  # a picture's features are its own
    apart = np.linalg.norm(found[:, None] - found, axis=2)
    assert apart[~np.eye(20, dtype=bool)].min() > 0.1
    assert not space.of(-torch.ones(1, x.shape[1])).any()  # black is the origin


def test_random_weights_are_those_of_their_seed() -> None:
    """A golden number: another version of NumPy or another order of drawing would silently change every distance."""
    features = RandomFeatures((1, 8, 8)).of(torch.linspace(-1, 1, 64)[None])
    assert float(np.abs(features).mean()) == pytest.approx(0.5248226, rel=1e-5)
