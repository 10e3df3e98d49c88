"""Who goes when all runs of one home take more room than they may."""

from __future__ import annotations

import logging
import math
import os
import shutil
from pathlib import Path

from gandash.store import index
from gandash.store.files import size_of
from gandash.store.format import CannotRecord
from gandash.store.places import home
from gandash.store.removing import forget, removed, tidy
from gandash.store.writing import is_being_recorded
from gandash.words import say

log = logging.getLogger("gandash.store")

GIGABYTES = 20.0


def limit() -> float:
    """Bytes that all runs below home may take: `GANDASH_STORE_GB`, 20 unless that is a number greater than 0."""
    given = os.environ.get("GANDASH_STORE_GB")
    try:
        value = GIGABYTES if given is None else float(given)
    except ValueError:
        value = math.nan
    if not value > 0:
        log.warning("GANDASH_STORE_GB: given %r; a number greater than 0 is needed, using %s", given, GIGABYTES)
        value = GIGABYTES
    return value * 1e9


def make_room(place: Path | None = None, coming: int = 0) -> list[str]:
    """Make the rest and `coming` bytes keep within the limit; the ids of the runs that went for it.

    First those go that were removed already, then the oldest unnamed ones of visitors: never one that is being recorded, has a
    title of its own, or belongs to the machine's user. Raises CannotRecord where that is not enough, BrokenRun where the place
    cannot be looked into.
    """
    place, most = place or home(), limit()
    tidy(place)
    entries, aside = index.runs(place), [(each, size_of(each.folder)) for each in removed(place)]
    taken, gone = coming + sum(entry.size for entry in entries) + sum(size for _, size in aside), []
    for each, size in reversed(aside):
        if taken > most:
            forget(each)
            taken -= size
    for entry in reversed(entries):
        if taken <= most:
            break
        folder = place / "runs" / entry.id
        if not entry.owner or entry.named or entry.problem or is_being_recorded(folder):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        gone.append(entry.id)
        taken -= entry.size
    if gone:
        log.info("%d runs of visitors were removed to make room: %s", len(gone), ", ".join(gone))
    if taken > most:
        told = say(
            "the runs in {file} take {size} of {most} GB; remove some, or raise GANDASH_STORE_GB",
            file=f"{place}",
            size=f"{(taken - coming) / 1e9:.1f}",
            most=f"{most / 1e9:g}",
        )
        if coming:
            told = say("there is no room for {size} MB more: {problem}", size=f"{coming / 1e6:,.0f}", problem=told)
        raise CannotRecord(told)
    return gone
