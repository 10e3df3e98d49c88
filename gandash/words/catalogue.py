"""The catalogues: what each message is in each language, read from gettext's text files under `assets/locale`."""

from __future__ import annotations

import io
from functools import cache

from gandash.paths import ASSETS
from gandash.words.languages import ENGLISH

FOLDER = ASSETS / "locale"
FILE = "LC_MESSAGES/gandash.po"

Messages = dict[str, str]


@cache
def messages(language: str) -> Messages:
    """By the English sentence, of a plural by that of one. Nothing for English, whose sentences are their own ids.

    Both Chinese languages have one form for any number.
    """
    return {} if language == ENGLISH else _read((FOLDER / language / FILE).read_text(encoding="utf-8"), language)


def messages_of(language: str, where: str) -> Messages:
    """The same of one file of the sources alone."""
    head, *entries = (FOLDER / language / FILE).read_text(encoding="utf-8").split("\n\n")
    return _read("\n\n".join([head, *(entry for entry in entries if where in entry)]), language)


def _read(text: str, language: str) -> Messages:
    from babel.messages.pofile import read_po  # who speaks English does not wait for it

    found = read_po(io.StringIO(text), locale=language)
    read: Messages = {}
    for message in found:
        if not message.id:
            continue
        one = message.id if isinstance(message.id, str) else message.id[0]
        read[one] = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
    return read
