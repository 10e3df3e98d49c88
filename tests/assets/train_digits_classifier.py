"""Trains assets/data/digits-classifier.safetensors, by which the lab reads what digits a generator makes.

    PYTHONPATH=. python tests/assets/train_digits_classifier.py

The first 1197 of digits.npz are learnt from, the other 600 are held out. The file does not say who wrote which digit, so that
the same 13 people wrote both parts: strangers' digits would be read less well. An eleventh class, "no digit", is taught by
noise, inverted and scrambled digits and overlays of several, for a classifier of ten finds a digit in anything.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Generator, Tensor

from gandash.config.data import DigitsConfig
from gandash.diagnostics.features import CLASSIFIER, DIGIT_CLASSES, DigitFeatures, Weights, digit_activations, digit_logits
from gandash.game.distributions import distribution

TRAINED = 1197
EPOCHS = 80
BATCH = 64
LEVEL = 2 / 16  # between two grey levels, in pictures from -1 to 1
NOTHING = 0.2  # weight of a picture of no digit: at 1/2 one real digit in forty was taken for none, now one in a hundred is
SIZES = {
    "narrow.weight": (16, 1, 3, 3),
    "wide.weight": (32, 16, 3, 3),
    "hidden.weight": (DigitFeatures.dimension, 512),
    "last.weight": (DIGIT_CLASSES + 1, DigitFeatures.dimension),
}


def initial(generator: Generator) -> dict[str, Tensor]:
    """Normal weights of variance 2 / inputs (He et al. 2015, arXiv:1502.01852), biases 0."""
    weights = {}
    for name, size in SIZES.items():
        drawn = torch.randn(size, generator=generator) * math.sqrt(2 / math.prod(size[1:]))
        weights[name] = drawn.requires_grad_()
        weights[name.replace("weight", "bias")] = torch.zeros(size[0], requires_grad=True)
    return weights


def jittered(x: Tensor, generator: Generator) -> Tensor:
    """Pictures turned by up to 10 degrees, scaled by up to a tenth, moved by up to 0.6 pixels, with noise of any strength."""
    n = len(x)

    def uniform(reach: float) -> Tensor:
        return (2 * torch.rand(n, generator=generator) - 1) * reach

    angle, scale = uniform(math.radians(10)), 1 + uniform(0.1)
    right, down = uniform(0.6 * 2 / 8), uniform(0.6 * 2 / 8)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    maps = torch.stack([torch.stack([cos, -sin, right], -1), torch.stack([sin, cos, down], -1)], 1)
    grid = F.affine_grid(maps, [n, 1, 8, 8], align_corners=False)
    moved = F.grid_sample(x.reshape(-1, 1, 8, 8) + 1, grid, align_corners=False).reshape(n, 64) - 1
    return noisy(moved, generator)


def noisy(x: Tensor, generator: Generator) -> Tensor:
    """With the uniform noise of the data, and normal noise of a strength from 0 to 0.2, another for each picture."""
    level = (torch.rand(x.shape, generator=generator) - 0.5) * LEVEL
    strength = 0.2 * torch.rand(len(x), 1, generator=generator)
    return (x + level + strength * torch.randn(x.shape, generator=generator)).clamp(-1, 1)


def no_digits(x: Tensor, labels: Tensor, generator: Generator) -> Tensor:
    """As many pictures that show no digit, of eight kinds."""
    n = len(x)
    other = torch.randperm(n, generator=generator)
    third = torch.randperm(n, generator=generator)
    share = 0.4 + 0.2 * torch.rand(n, 1, generator=generator)
    scrambled = torch.rand(x.shape, generator=generator).argsort(dim=1)
    uniform = 2 * torch.rand(x.shape, generator=generator) - 1
    blurred = F.avg_pool2d(F.pad(3 * uniform.reshape(-1, 1, 8, 8), (1, 1, 1, 1), mode="replicate"), 3, 1).reshape(n, 64)
    grey = (2 * torch.rand(n, 1, generator=generator) - 1).expand_as(x)
    kinds = torch.stack(
        [
            uniform,
            0.7 * torch.randn(x.shape, generator=generator),
            blurred,
            x.gather(1, scrambled),
            -x,
            grey,
            torch.where((labels != labels[other])[:, None], share * x + (1 - share) * x[other], uniform),
            torch.where(((labels != labels[other]) & (labels != labels[third]))[:, None], (x + x[other] + x[third]) / 3, grey),
        ]
    )
    chosen = torch.randint(len(kinds), (n,), generator=generator)
    return noisy(kinds[chosen, torch.arange(n)], generator)


def train(x: Tensor, labels: Tensor, epochs: int, seed: int = 0) -> Weights:
    """Adam with a learning rate that falls to 0 along a cosine."""
    generator = Generator().manual_seed(seed)
    weights = initial(generator)
    optimiser = torch.optim.AdamW(weights.values(), lr=2e-3, weight_decay=1e-2)
    rounds = epochs * (len(x) // BATCH)
    costs = torch.tensor([1.0] * DIGIT_CLASSES + [NOTHING])
    fall = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda t: (1 + math.cos(math.pi * t / rounds)) / 2)
    for _ in range(epochs):
        for batch in torch.randperm(len(x), generator=generator)[: len(x) // BATCH * BATCH].split(BATCH):
            shown = jittered(x[batch], generator)
            nothing = no_digits(x[batch], labels[batch], generator)
            logits = digit_logits(weights, digit_activations(weights, torch.cat([shown, nothing])))
            truth = torch.cat([labels[batch], torch.full_like(labels[batch], DIGIT_CLASSES)])
            optimiser.zero_grad()
            F.cross_entropy(logits, truth, weight=costs, label_smoothing=0.02).backward()
            optimiser.step()
            fall.step()
    return {name: tensor.detach() for name, tensor in weights.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--to", type=Path, default=CLASSIFIER)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    law = distribution(DigitsConfig())
    x, labels = law.pictures(), torch.from_numpy(law.labels().copy())
    weights = train(x[:TRAINED], labels[:TRAINED], options.epochs)
    kept = {name: tensor.half().contiguous() for name, tensor in weights.items()}
    read = digit_logits(weights, digit_activations(weights, x[TRAINED:])).argmax(dim=1)
    accuracy = float((read == labels[TRAINED:]).double().mean())
    told = {"script": Path(__file__).name, "trained": str(TRAINED), "held_out_accuracy": f"{accuracy:.4f}"}
    save_file(kept, options.to, metadata=told)
    print(
        f"{accuracy:.4f} of {len(x) - TRAINED} held-out digits read rightly; {options.to} has {options.to.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
