"""The front end's ES modules inside one page: a page that was opened from a file may not import others beside it.

Each becomes a `data:` address in an import map, and is asked for by the bare name that the map gives it.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path, PurePosixPath

from gandash.paths import ASSETS

NAMES = "gandash/"
_IMPORT = re.compile(r"""^((?:import|export)\b[^'"`;]*?)(['"])(\.{1,2}/[^'"]+)\2""", re.MULTILINE)


def import_map(entry: str, instead: dict[str, str], root: Path = ASSETS) -> str:
    """An import map, as JSON that may stand in a page, for `entry` and all that it imports: paths below `root`.

    `instead` names modules that stand in the place of others.
    """
    waiting, found = [entry], dict[str, str]()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        source = (root / instead.get(name, name)).read_text(encoding="utf-8")
        folder = PurePosixPath(instead.get(name, name)).parent

        def renamed(match: re.Match[str], folder: PurePosixPath = folder) -> str:
            wanted = _below(folder / match[3])
            waiting.append(wanted)
            return f"{match[1]}{match[2]}{NAMES}{wanted}{match[2]}"

        found[name] = _IMPORT.sub(renamed, source) + f"\n//# sourceURL={NAMES}{name}\n"
    imports = {NAMES + name: _address(source) for name, source in sorted(found.items())}
    return json.dumps({"imports": imports})


def _below(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _address(source: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(source.encode()).decode()}"
