"""`--pictures`: files of pictures, and folders of them with all that lies beneath, become the data of a game."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from gandash.cli.saying import one_line, refuse, told
from gandash.config.setting import JsonValue
from gandash.packed import MAX_PICTURES, unpack_pictures
from gandash.uploads import guard
from gandash.words import of_system, t
from gandash.words.noting import read_note


def read(paths: Sequence[str], side: int, colour: bool, keep: int | None) -> list[tuple[str, JsonValue]]:
    """The changes; what was kept and what left out is said on stderr. Refuses in one line."""
    if not paths:
        if keep is not None:
            refuse(t("--keep {keep}: there is nothing to keep so many of; give --pictures PATH too", keep=keep))
        return []
    found: list[tuple[str, bytes | Path]] = []
    for path in map(Path, paths):
        try:
            found += _files(path)
        except OSError as error:
            refuse(
                t(
                    "{option}: {problem}; expected a file of pictures, or a folder of such files",
                    option=f"--pictures {path}",
                    problem=of_system(error),
                )
            )
    try:
        packed = guard.read_pictures(
            found, side, 3 if colour else 1, MAX_PICTURES if keep is None else keep, seconds=guard.PATIENT_SECONDS
        )
    except guard.PicturesRefused as error:
        refuse(f"--pictures {told(error)}")
    click.echo(one_line(f"--pictures: {read_note(unpack_pictures(packed).note)}"), err=True)
    return [("data", {"kind": "uploaded_pictures", "pixels": packed})]


def _files(path: Path) -> list[tuple[str, bytes | Path]]:
    """The file at this path, or all files in and beneath this folder, named from it on; raises OSError."""
    if not path.is_dir():
        if path.is_file():
            path.open("rb").close()  # raises here, in the system's words
            return [(path.name, path)]
        with path.open("rb") as pipe:
            return [(path.name, pipe.read(guard.MAX_MEGABYTES * 2**20 + 1))]
    root = path.resolve()
    name = root.name.lstrip(".")  # hidden or not, it was asked for
    files = sorted(Path(folder, file) for folder, _, names in os.walk(root, onerror=_raise) for file in names)
    if not files:
        refuse(
            t(
                "{option}: {problem}; expected a file of pictures, or a folder of such files",
                option=f"--pictures {path}",
                problem=t("an empty folder"),
            )
        )
    return [("/".join((name, *file.relative_to(root).parts)), file) for file in files if file.is_file()]


def _raise(error: OSError) -> None:
    raise error
