"""Files that are whole or not there, and files of strangers."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from gandash.store.format import EVENTS, MANIFEST, SUFFIXES, BrokenRun, Named
from gandash.words import of_system, say


def write_whole(path: Path, body: bytes) -> None:
    """Write a file under a temporary name, synced, then renamed. Raises OSError; a file that was there before is untouched."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_whole(path: Path, most: int) -> bytes:
    """A plain file of at most so many bytes, and no link. Raises BrokenRun in words."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BrokenRun(say("{file} is no plain file", file=f"{path}"))
            if found.st_size > most:
                raise BrokenRun(
                    say(
                        "{file} has {size} bytes; at most {most} may be there",
                        file=f"{path}",
                        size=f"{found.st_size:,}",
                        most=f"{most:,}",
                    )
                )
            return file.read(most)
    except OSError as error:
        raise BrokenRun(say("{file}: {problem}", file=f"{path}", problem=of_system(error))) from None


def read_part(path: Path, offset: int, length: int) -> bytes:
    """So many bytes of a plain file, and no link; fewer at its end. Raises BrokenRun in words."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BrokenRun(say("{file}: {problem}", file=f"{path}", problem=of_system(error))) from None


def listed(folder: Path) -> list[os.DirEntry[str]]:
    """The plain files of a folder that is no link, by name; none where there is no folder."""
    try:
        if folder.is_symlink():
            raise BrokenRun(say("{file} is a link", file=f"{folder}"))
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if e.is_file(follow_symlinks=False)), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BrokenRun(say("{file}: {problem}", file=f"{folder}", problem=of_system(error))) from None


def append(path: Path, body: bytes) -> None:
    """To a file that is made where there is none; what is killed meanwhile leaves a torn end. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        if (written := os.write(descriptor, body)) < len(body):  # a disk that is just full takes a part without a word
            os.write(descriptor, body[written:])  # and now says so
    finally:
        os.close(descriptor)


def named(folder: Path, suffix: str) -> list[Named]:
    """The files of this folder that have names of ours, in their order; links are passed over."""
    return sorted(found for entry in listed(folder) if (found := Named.of(entry.name, suffix)) is not None)


def parts(run: Path) -> dict[str, os.stat_result]:
    """The files that belong to a run, by their path within it; whatever else lies in the folder is none of its own."""
    found = {}
    for name in (MANIFEST, EVENTS):
        with suppress(FileNotFoundError):
            found[name] = os.lstat(run / name)
    for folder, suffix in SUFFIXES.items():
        for entry in listed(run / folder):
            if Named.of(entry.name, suffix) is not None:
                with suppress(FileNotFoundError):
                    found[f"{folder}/{entry.name}"] = entry.stat(follow_symlinks=False)
    return {name: about for name, about in found.items() if stat.S_ISREG(about.st_mode)}


def size_of(folder: Path) -> int:
    """Bytes of all files below, links not followed."""
    total = 0
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not os.path.islink(os.path.join(root, name))]
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:  # it has just gone
                continue
    return total
