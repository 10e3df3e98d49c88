"""Makes assets/data/digits.npz, the digits that the lab plays with, from scikit-learn's copy of the UCI test set.

    python -m venv scratch && scratch/bin/pip install scikit-learn && scratch/bin/python tests/assets/make_digits.py

Needs scikit-learn, which the project itself does not. The same input gives the same arrays.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

DATA = Path(__file__).parents[2] / "assets" / "data"


def main() -> None:
    found = load_digits()
    order = list(range(len(found.target)))
    # In the source the same writer's digits stand together; here any first n are a fair sample of all
    random.Random(0).shuffle(order)
    np.savez_compressed(
        DATA / "digits.npz",
        pixels=found.images[order].astype(np.uint8),
        labels=found.target[order].astype(np.uint8),
    )


if __name__ == "__main__":
    main()
