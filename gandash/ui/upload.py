"""The widgets that take a stranger's files, a table or pictures, and the data setting that they become."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st

from gandash.config.data.uploaded import played_with
from gandash.config.setting import JsonValue
from gandash.packed import MAX_PICTURES, SIDES
from gandash.uploads import folder, guard, tables
from gandash.uploads.dialects import Rows, TableRefused
from gandash.words import Said, finished, marked, say, t

COLOURS = {"grey": marked("grey"), "colour": marked("colour")}


class UploadError(ValueError):
    """A file that cannot be the data: says what was given, what is allowed, what to try."""

    def __init__(self, name: str, given: Said, hint: Said, allowed: str = tables.ALLOWED) -> None:
        name = re.sub(r"[^\w .()-]", "_", name)[:60]  # it is shown as Markdown
        super().__init__(
            say(
                "**{name}**: given {given}; allowed is {allowed}; {advice}",
                name=name,
                given=given,
                allowed=finished(allowed),
                advice=hint,
            )
        )


class AmbiguousTable(UploadError):
    """A table that can be read in more than one way: `readings` are what to choose from."""

    def __init__(self, name: str, error: tables.AmbiguousTable) -> None:
        self.readings = error.readings
        super().__init__(name, error.given, say("choose under the file how it is meant"))


def draw(key: str, on_change: Callable[[], None], note: str = "") -> None:
    """The widget that takes a file; `note` says how the table that is played was read."""
    st.file_uploader(
        t("↻ CSV or npy, one or two columns"),
        type=["csv", "txt", "tsv", "npy"],
        max_upload_size=tables.MAX_MEGABYTES,
        key=key,
        on_change=on_change,
        help=t(
            "Every row is a sample: {allowed}. Until a file is given, 256 made-up rows stand here. Restarts the run.",
            allowed=t(tables.ALLOWED),
        ),
    )
    if note:
        st.caption(t("Read as {words}", words=as_text(t(note))))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def as_text(words: str) -> str:
    """A stranger's words, such as names of files, escaped so that Markdown shows them as they are."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(words.split()))


def settings(rows: Rows, scaling: str) -> JsonValue:
    """The data setting that plays with these rows."""
    return played_with(rows, scaling=scaling)


def draw_pictures(keys: Mapping[str, str], shown: Mapping[str, Any], on_change: Callable[[], None], note: str = "") -> None:
    """The widgets that take pictures; `note` says how those that are played were read. `keys` are the widgets' own, of files,
    offered, side, colour and count. The session's state already has the last three as they are played, which is `shown`."""
    st.file_uploader(
        t("↻ Pictures"),
        type=None,  # MNIST's files have no ending; what is no picture is refused in words
        accept_multiple_files=True,
        max_upload_size=guard.MAX_MEGABYTES,
        key=keys["files"],
        on_change=on_change,
        help=t("{Allowed}. Until then 32 made-up rings stand here. Restarts the run.", Allowed=_capital(t(guard.ALLOWED))),
    )
    if note:
        told = t(note)
        st.caption(t("{problem}.", problem=as_text(told[:1].upper() + told[1:])))
    if names := folder.offered():
        st.selectbox(
            t("↻ Or from this server"),
            [None, *names],
            format_func=lambda name: name or t("none"),
            key=keys["offered"],
            on_change=on_change,
            help=t("Files that whoever runs the server has put there. Uploaded pictures come first. Restarts the run."),
        )
    st.selectbox(
        t("↻ Side"),
        SIDES,
        index=SIDES.index(shown["side"]),
        format_func=lambda side: t("{side} × {side} pixels", side=side),
        key=keys["side"],
        on_change=on_change,
        help=t("Every picture is cropped to its middle square and scaled to this. Larger ones are slower. Restarts the run."),
    )
    st.selectbox(
        t("↻ Colour"),
        list(COLOURS),
        index=list(COLOURS).index(shown["colour"]),
        format_func=lambda colour: t(COLOURS[colour]),
        key=keys["colour"],
        on_change=on_change,
        help=t("Colour has three numbers for every pixel, grey one. Restarts the run."),
    )
    st.number_input(
        t("↻ Keep at most"),
        min_value=2,
        max_value=MAX_PICTURES,
        value=shown["count"],
        step=1000,
        key=keys["count"],
        on_change=on_change,
        help=t("So many of the pictures, drawn at random but always the same ones. Restarts the run."),
    )


def chosen_pictures(state: Mapping[str, Any], key: str) -> JsonValue:
    """The data setting for what `draw_pictures` holds, None where no file is chosen; raises UploadError in one sentence."""
    try:
        files = [(file.name, file.getvalue()) for file in state.get(f"{key}/files") or ()]
        if not files and (name := state.get(f"{key}/offered")):
            files = folder.files(name)
    except guard.PicturesRefused as error:
        raise UploadError(error.name, error.given, error.hint, guard.ALLOWED) from None
    if not files:
        return None
    return read_pictures(files, state[f"{key}/side"], state[f"{key}/colour"], state[f"{key}/count"])


def read_pictures(files: guard.Files, side: int, colour: str, count: int) -> JsonValue:
    """The data setting that plays with the pictures in these files, (name, bytes) each; raises UploadError in one sentence."""
    try:
        packed = guard.read_pictures(files, side, 3 if colour == "colour" else 1, count)
    except guard.PicturesRefused as error:
        raise UploadError(error.name, error.given, error.hint, guard.ALLOWED) from None
    return {"kind": "uploaded_pictures", "pixels": packed}


def interpret(name: str, content: bytes, read_as: Collection[str] = ()) -> tuple[Rows, Said]:
    """The rows `(n, 1 or 2)` of a file, and how it was read, in words. Raises AmbiguousTable where a person has to say more,
    UploadError, in one sentence, for anything else that is no data."""
    try:
        return tables.interpret(name, content, read_as)
    except tables.AmbiguousTable as error:
        raise AmbiguousTable(name, error) from None
    except TableRefused as error:
        raise UploadError(name, error.given, error.hint) from None


def read(name: str, content: bytes, read_as: Collection[str] = ()) -> Rows:
    """The rows of a file, as `interpret` finds them: for scripts, which do not ask how it was read."""
    return interpret(name, content, read_as)[0]
