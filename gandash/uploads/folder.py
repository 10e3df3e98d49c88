"""Picture files that whoever runs the server offers to everybody: those in the folder that GANDASH_DATA names.

A visitor chooses among their names; no path that anybody types is ever opened.
"""

from __future__ import annotations

import os
from pathlib import Path

from gandash.uploads.guard import MAX_MEGABYTES, PicturesRefused
from gandash.words import of_system, say

VARIABLE = "GANDASH_DATA"
_OFFERED = 200
_ENDINGS = (".zip", ".npy", "-ubyte", "-ubyte.gz", ".idx", ".idx.gz")


def offered() -> list[str]:
    """Names of the files with pictures in the folder, in order; those of labels come along with their pictures."""
    folder = os.environ.get(VARIABLE, "")
    if not folder:
        return []
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_file() and entry.name.endswith(_ENDINGS)]
    except OSError:  # not a folder, or not for this program
        return []
    return sorted(name for name in names if not _is_labels(name))[:_OFFERED]


def files(name: str) -> list[tuple[str, bytes]]:
    """The offered file of this name, and its labels where they lie beside it, as they are in MNIST; raises PicturesRefused."""
    if name not in offered():
        raise PicturesRefused(
            name,
            say("a name that is not in the folder of this server"),
            say("choose one of: {names}", names=", ".join(offered()) or say("none")),
        )
    folder = Path(os.environ[VARIABLE])
    found = [(name, _content(folder / name))]
    labels = _labels_of(name)
    if labels != name and (folder / labels).is_file():
        found.append((labels, _content(folder / labels)))
    return found


def _is_labels(name: str) -> bool:
    return "labels" in name and "idx1" in name


def _labels_of(name: str) -> str:
    """MNIST's names: train-images-idx3-ubyte.gz goes with train-labels-idx1-ubyte.gz; sometimes a dot stands for a dash."""
    return name.replace("images", "labels").replace("idx3", "idx1")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MEGABYTES * 2**20 + 1)
    except OSError as error:
        raise PicturesRefused(
            path.name,
            say("a file that cannot be opened ({problem})", problem=of_system(error)),
            say("ask whoever runs this server"),
        ) from None
    if len(content) > MAX_MEGABYTES * 2**20:
        hint = say("ask whoever runs this server for a smaller one")
        raise PicturesRefused(path.name, say("more than {most} MB", most=MAX_MEGABYTES), hint)
    return content
