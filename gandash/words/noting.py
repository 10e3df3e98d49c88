"""Messages that are kept as a text, within data that outlive whoever reads them now."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gandash.words.saying import Said, finished, parted, say


def noted(sentences: Sequence[Said], most: int) -> str:
    """These as a text of at most `most` bytes; the last ones give way, and "…" says so.

    >>> read_note(noted([say("{count} modes", count=8), say("rescaled")], 200))
    '8 modes; rescaled'
    """
    kept, left_out = list(sentences), list[Said]()
    while len((text := _as_json([*kept, *left_out])).encode()) > most and kept:
        kept.pop()
        left_out = [say("…")]
    return text


def read_note(text: str) -> Said:
    """What `noted` made a text of; any other text is a finished sentence, as older data have it."""
    try:
        found = json.loads(text)
        if not isinstance(found, list) or not found:
            raise ValueError
        return parted(*map(Said.read, found))
    except (ValueError, RecursionError):
        return finished(text)


def _as_json(sentences: Sequence[Said]) -> str:
    return json.dumps([one.on_wire() for one in sentences], ensure_ascii=False, separators=(",", ":"))
