"""What a run is called: a name that a person gave it as it is, the one that it has by itself in the visitor's words."""

from __future__ import annotations

import re

from gandash.words import t

_FROM = re.compile(r"(.+), from step ([\d,]+)", re.DOTALL)  # as `server.origin` makes them
_OTHER = re.compile(r"(.+) \((changed|compared)\)", re.DOTALL)


def in_words(title: str, named: bool = False) -> str:
    """`named`: by a person.

    >>> in_words("Two modes: D goes to 1/2 (changed), from step 300")
    'Two modes: D goes to 1/2 (changed), from step 300'
    """
    if named:
        return title
    if found := _FROM.fullmatch(title):
        return t("{title}, from step {step}", title=in_words(found[1]), step=found[2])
    if found := _OTHER.fullmatch(title):
        if found[2] == "changed":
            return t("{title} (changed)", title=in_words(found[1]))
        return t("{title} (compared)", title=in_words(found[1]))
    return t(title)
