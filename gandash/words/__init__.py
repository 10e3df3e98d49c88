"""Sentences in the reader's language: a message is its English sentence, with places in braces for what is put in.

A sentence is made where it is read: `t` makes it in the language that this thread speaks. What is said where nobody reads yet
is a `Said`, which is English for whoever takes it for text, and crosses a wire as its id and parameters (`saying.py`).
"""

from gandash.words.languages import LANGUAGES, best, tag
from gandash.words.saying import (
    Said,
    finished,
    joined,
    listed,
    marked,
    modes_in_words,
    of_system,
    parted,
    retold,
    say,
    speak,
    speaking,
    t,
    tn,
    words_of,
)

__all__ = [
    "LANGUAGES",
    "Said",
    "best",
    "finished",
    "joined",
    "listed",
    "marked",
    "modes_in_words",
    "of_system",
    "parted",
    "retold",
    "say",
    "speak",
    "speaking",
    "t",
    "tag",
    "tn",
    "words_of",
]
