"""The process that reads strangers' picture files: `python -m gandash.uploads.reader SECONDS`, of processor time.

It is asked on stdin, with one line of JSON, {side, channels, count, files: [[name, size, path], ...]}, and the files' bytes one
after another; a file with a path (of whoever sits at this machine, never a visitor's) is opened here instead. It answers on
stdout with {"packed": text} or {"refused": [name, given, hint]}, the last two as messages. Before it looks at any of that, it
gives up most of its memory and time, and the right to write files. It follows no path that an archive names. Nothing here may
import torch, pydantic or Streamlit: it has to start at once.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from gandash.uploads.found import collect
from gandash.uploads.kept import packed
from gandash.uploads.sources import Refused, Source, of_bytes
from gandash.uploads.stacks import MAX_AREA
from gandash.words import Said, of_system, say

MEMORY_BYTES = 768 * 2**20
CPU_SECONDS = 15


def _give_up_rights(seconds: int = CPU_SECONDS) -> None:
    """No more than a little memory and time from here on, and no file may be written; games and server come first."""
    os.nice(10)
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, allowed))


def _source(name: str, size: int, path: str | None) -> Source:
    if path is None:
        return of_bytes(name, sys.stdin.buffer.read(size))
    return Source(name, size, lambda: Path(path).open("rb"))


def _refused(name: str, given: Said, hint: Said) -> dict[str, Any]:
    return {"refused": [name, given.on_wire(), hint.on_wire()]}


def main() -> None:
    """Answer one request, as this file's head says."""
    seconds = int(sys.argv[1])
    _give_up_rights(seconds)
    Image.MAX_IMAGE_PIXELS = MAX_AREA  # beyond twice that Pillow itself refuses
    Image.init()
    request = json.loads(sys.stdin.buffer.readline())
    files = [_source(*file) for file in request["files"]]
    answer: dict[str, Any]
    try:
        found = collect(files)
        answer = {"packed": packed(found, request["side"], request["channels"], request["count"], seconds / CPU_SECONDS)}
    except Refused as error:
        answer = _refused(error.name, error.given, error.hint)
    except OSError as error:  # a file that went, or may not be read
        given = say("a file that cannot be read ({problem})", problem=of_system(error))
        answer = _refused(Path(error.filename or files[0].name).name, given, say("look at it"))
    except MemoryError:
        given = say("a file that takes too much memory to read")
        answer = _refused(files[0].name, given, say("give fewer or smaller pictures"))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
