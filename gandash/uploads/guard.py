"""Starts the process that reads picture files, and accepts from it only text of bounded length, in bounded time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gandash.packed import MAX_PICTURE_TEXT, MAX_PICTURES, SIDES
from gandash.uploads.dialects import refused
from gandash.words import Said, say

MAX_MEGABYTES = 50  # of all files together; MNIST's 60,000 pictures take 47 unpacked
MAX_FILES = 200_000
WALL_SECONDS = 30.0
PATIENT_SECONDS = 300.0  # for whoever sits at this machine
ALLOWED = (
    "PNG or JPEG pictures or a zip of them (its folders are classes), MNIST's IDX files (gzip or not), npy or npz arrays of "
    f"shape (n, h, w), (n, h, w, 3) or (n, h × w), at most {MAX_MEGABYTES} MB together"
)
FEWER = say("give fewer or smaller pictures")
_AT_ONCE = threading.BoundedSemaphore(2)  # a class that uploads together takes turns

Files = Sequence[tuple[str, bytes | Path]]  # a path is one that this program chose or was started with, never a visitor's


class PicturesRefused(ValueError):
    """Files that hold no pictures to play with: says what was given, what is allowed, what to try."""

    def __init__(self, name: str, given: Said, hint: Said) -> None:
        self.name, self.given, self.hint = name, given, hint
        super().__init__(say("{option}: {problem}", option=name, problem=refused(given, ALLOWED, hint)))


def read_pictures(files: Files, side: int, channels: int, count: int, *, seconds: float = WALL_SECONDS) -> str:
    """The pictures in these files, named in full, as packed text: `count` of them, or as many as there are and fit.

    They are drawn at random and always the same. Each is cropped to its middle square, scaled to side × side pixels and made
    grey (channels 1) or RGB (3). What was kept, on which scale, and what was left out, is said in the packed note. Raises
    PicturesRefused in one sentence.
    """
    if side not in SIDES or channels not in (1, 3) or not 2 <= count <= MAX_PICTURES:
        raise ValueError(f"side {side} of {SIDES}, {channels} channels of 1 or 3, {count} pictures of 2 to {MAX_PICTURES}")
    if not files:
        raise PicturesRefused("upload", say("no file"), say("choose one or more"))
    for name, _ in files:
        if "\0" in name or ".." in name.replace("\\", "/").split("/"):
            raise PicturesRefused(name, say("a file whose name leads elsewhere"), say("rename it"))
    first, size = files[0][0], sum(len(content) for _, content in files if isinstance(content, bytes))
    if size > MAX_MEGABYTES * 2**20 or len(files) > MAX_FILES:
        given = say("{count} files of {size} MB", count=len(files), size=f"{size / 2**20:.0f}")
        raise PicturesRefused(first, given, FEWER)
    if not _AT_ONCE.acquire(timeout=seconds):
        raise PicturesRefused(first, say("an upload while others are being read"), say("try again in a moment"))
    try:
        answer = _ask(files, {"side": side, "channels": channels, "count": count}, seconds)
    finally:
        _AT_ONCE.release()
    if answer is None:
        raise PicturesRefused(first, say("files that could not be read in the time and memory there is for it"), FEWER)
    if "refused" in answer:
        name, given, hint = answer["refused"]
        raise PicturesRefused(name, Said.read(given), Said.read(hint))
    packed: str = answer["packed"]
    return packed


def _where(content: bytes | Path) -> tuple[int, str | None]:
    """How many bytes there are, and where they lie if they are not sent."""
    return (len(content), None) if isinstance(content, bytes) else (content.stat().st_size, str(content.resolve()))


def _ask(files: Files, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
    """What the reading process answers; None where it was stopped or ended without a word."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "gandash.uploads.reader", str(max(1, int(seconds / 2)))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # One thread: those of numpy's linear algebra, unused here, would each reserve a part of the memory allowed
            env=os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            process_group=0,
        )
    except OSError:  # no process can be started
        return None
    listed = [(name, *_where(content)) for name, content in files]
    header = json.dumps(request | {"files": listed}).encode() + b"\n"
    assert process.stdin is not None and process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def write() -> None:
        with suppress(OSError), stdin:  # it may stop reading at any moment
            for part in (header, *(content for _, content in files if isinstance(content, bytes))):
                stdin.write(part)

    writer = threading.Thread(target=write, name=f"to reader {process.pid}", daemon=True)
    alarm = threading.Timer(seconds, process.kill)
    with process:
        writer.start()
        alarm.start()
        try:
            said = stdout.read(MAX_PICTURE_TEXT + 100_000)  # a refusal, or all that may be packed
        finally:
            alarm.cancel()
            process.kill()
            writer.join()
    try:
        answer = json.loads(said)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
