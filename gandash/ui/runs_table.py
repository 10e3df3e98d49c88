"""The list of runs as a table, and what is found in it: plain functions of the index's entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from gandash.presets import PRESETS
from gandash.store.index import Entry
from gandash.words import marked, speaking, t, titles
from gandash.words.languages import ENGLISH

READINGS = {
    "jsd": ("JSD", marked("Jensen–Shannon divergence of p_g from p_r, in nats, as last measured: 0 when they are equal.")),
    "wasserstein": (
        "W₁",
        marked("Wasserstein distance of p_g from p_r, in units of x, as last measured; sliced on the plane."),
    ),
    "frechet": ("Fréchet", marked("Fréchet distance between the features of generated and real pictures, as last measured.")),
}
"""The numbers of the table: the entry's own name, the head of the column, and what it is."""

LONGEST = 120  # letters of a cell: words in a record may come from anybody


def name_of(entry: Entry) -> str:
    return titles.in_words(entry.title, entry.named) or entry.id


def preset_title(name: str) -> str:
    """Of the ready game that a run began as; "" for none."""
    return t(PRESETS[name].title) if name in PRESETS else name


def found(entries: Sequence[Entry], words: str) -> list[Entry]:
    """Those in which all of these words occur, in whatever order."""
    wanted = words.casefold().split()
    return [entry for entry in entries if all(word in said for said in [_said(entry)] for word in wanted)]


def _said(entry: Entry) -> str:
    said = (entry.verdict, t(entry.verdict), entry.problem, t(entry.problem))  # in English too: so one may have read of it
    return " ".join(
        (entry.id, entry.title, name_of(entry), entry.preset, preset_title(entry.preset), *said, entry.parent or "")
    ).casefold()


def when(entry: Entry) -> datetime | None:
    """When it began; None where the record says nonsense."""
    try:
        given = datetime.fromisoformat(entry.created)
    except ValueError:
        return None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def moment(entry: Entry, timezone: str | None) -> str:
    """When it began, in words: `29 Nov, 17:59:04`, `11月29日 17:59:04`."""
    began = when(entry)
    if began is None:
        return entry.id
    with suppress(ValueError, KeyError, OSError):  # a browser may say anything
        began = began.astimezone(ZoneInfo(timezone or "UTC"))
    return f"{began:%-d %b, %H:%M:%S}" if speaking() == ENGLISH else f"{began.month}月{began.day}日 {began:%H:%M:%S}"


def parent_of(entry: Entry, titles: dict[str, str]) -> str:
    if entry.parent is None:
        return ""
    return t("{name}, step {step}", name=titles.get(entry.parent, entry.parent), step=f"{entry.parent_step:,}")


def rows(entries: Sequence[Entry], titles: dict[str, str], live: Collection[str]) -> dict[str, list[Any]]:
    """The table by columns, in their order. `live` are the runs that are being recorded; `titles` those of all runs, by id."""

    def words(text: str) -> str:
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

    readings = {
        head: [getattr(entry, field) for entry in entries]
        for field, (head, _) in READINGS.items()
        if any(getattr(entry, field) is not None for entry in entries)
    }
    return {
        t("Name"): [words(name_of(entry)) for entry in entries],
        **({t("Now"): [t("● recording") if entry.id in live else "" for entry in entries]} if live else {}),
        t("Verdict"): [
            words(t("cannot be read: {problem}", problem=entry.problem) if entry.problem else t(entry.verdict))
            for entry in entries
        ],
        t("Steps"): [None if entry.problem else entry.steps for entry in entries],
        **readings,
        t("When"): [when(entry) for entry in entries],
        t("Size"): [entry.size / 1e6 or None for entry in entries],
        t("Preset"): [words(preset_title(entry.preset)) for entry in entries],
        t("Branched off"): [words(parent_of(entry, titles)) for entry in entries],
    }


def columns() -> dict[str, Any]:
    """How Streamlit is to show them."""
    number = {head: st.column_config.NumberColumn(format="%.3g", help=t(help), width=76) for head, help in READINGS.values()}
    return number | {
        t("Name"): st.column_config.TextColumn(width=220),
        t("Now"): st.column_config.TextColumn(width=100, help=t("It is being recorded at this moment.")),
        t("Verdict"): st.column_config.TextColumn(width=160, help=t("The last word on it; of compared games, on the first.")),
        t("Steps"): st.column_config.NumberColumn(format="localized", width=76),
        t("When"): st.column_config.DatetimeColumn(format=t("D MMM YYYY, HH:mm"), timezone=st.context.timezone, width=142),
        t("Size"): st.column_config.NumberColumn(format="%.2f MB", width=84),
        t("Preset"): st.column_config.TextColumn(width=220, help=t("The ready game that it began as.")),
        t("Branched off"): st.column_config.TextColumn(width=220, help=t("The run that it began from, and at which step.")),
    }
