"""Making sentences: `t` for whoever reads now, `say` for whoever reads elsewhere, or later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from gandash.words.catalogue import messages
from gandash.words.languages import ENGLISH

if TYPE_CHECKING:  # who reads pictures does not wait for pydantic
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

_PLACE = re.compile(r"\{(\w+)\}")  # other braces are a formula's
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def speak(language: str) -> None:
    """From now on this thread's sentences are in this language."""
    _spoken.set(language)


def speaking() -> str:
    return _spoken.get()


def t(message: str, **params: Any) -> str:
    """The sentence in the language that is spoken; a `Said` brings its own parameters. What no catalogue has stays as it is.

    >>> t("step {step} of {count}", step=3, count=7)
    'step 3 of 7'
    """
    if isinstance(message, Said):
        return _filled(_found(message.id), message.params)
    return _filled(_found(message), params)


def tn(one: str, many: str, count: int, **params: Any) -> str:
    """The sentence for so many; `count` is among its parameters unless it is given another way there.

    >>> tn("{count} game", "{count} games", 1), tn("{count} game", "{count} games", 2)
    ('1 game', '2 games')
    """
    found = messages(speaking()).get(one) or (one if count == 1 else many)
    return _filled(found, {"count": count} | params)


def marked(message: str) -> str:
    """Itself: a sentence to be translated where it is shown."""
    return message


class Said(str):
    """A message with its parameters: as text it is English."""

    id: str
    params: Mapping[str, Any]

    def __new__(cls, message: str, params: Mapping[str, Any] | None = None) -> Said:
        made = super().__new__(cls, _filled(message, params or {}))
        made.id, made.params = message, dict(params or {})
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Said, (self.id, dict(self.params))

    def on_wire(self) -> dict[str, Any]:
        return {"id": self.id, "params": {name: _on_wire(value) for name, value in self.params.items()}}

    @classmethod
    def read(cls, value: Any) -> Said:
        """What came over a wire; older records have finished sentences."""
        match value:
            case Said():
                return value
            case str():
                return cls("{said}", {"said": value}) if "{" in value else cls(value)
            case {"id": str(message), "params": dict(params)}:
                return cls(message, {name: _off_wire(one) for name, one in params.items()})
        raise ValueError("expected a message: its id and its parameters")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "words"}

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(cls.on_wire, return_schema=core_schema.any_schema()),
        )


def say(message: str, **params: Any) -> Said:
    """A sentence for who reads it elsewhere. Parameters are text, numbers or other messages.

    >>> say("step {step}", step=3), say("step {step}", step=3).params
    ('step 3', {'step': 3})
    """
    return Said(message, params)


def finished(text: str) -> Said:
    """A sentence that was made elsewhere, as it is."""
    return Said.read(text)


def words_of(error: BaseException) -> Said:
    """What an error says: its message, where it was raised with one.

    >>> words_of(ValueError(say("step {step}", step=7))).id, words_of(OSError("no such disk"))
    ('step {step}', 'no such disk')
    """
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Said) else finished(str(error))


OF_SYSTEM = (
    marked("Connection refused"),
    marked("Disk quota exceeded"),
    marked("File too large"),
    marked("Input/output error"),
    marked("Is a directory"),
    marked("No space left on device"),
    marked("No such file or directory"),
    marked("Not a directory"),
    marked("Operation not permitted"),
    marked("Permission denied"),
    marked("Read-only file system"),
    marked("Too many open files"),
)
"""What the operating system says most often; all else stays in its own words."""


def of_system(error: OSError) -> Said:
    """What the operating system says of a file, a disk or a connection, without the file's name.

    >>> of_system(OSError(28, "No space left on device", "/srv/runs/1")), of_system(OSError("no such disk"))
    ('No space left on device', 'no such disk')
    """
    return finished(error.strerror or str(error))


def retold(said: Said, change: Callable[[str], str]) -> Said:
    """The same, with what `change` makes of each text that is put into it, and of a finished sentence.

    >>> retold(say("{file} has gaps", file="/srv/runs/1"), lambda text: text.replace("/srv/runs/", ""))
    '1 has gaps'
    """
    params = said.params.items()
    put_in = {name: retold(v, change) if isinstance(v, Said) else change(v) if isinstance(v, str) else v for name, v in params}
    return Said(change(said.id), put_in)


_IN_A_ROW = (
    "",
    "{s0}",
    marked("{s0} {s1}"),
    marked("{s0} {s1} {s2}"),
    marked("{s0} {s1} {s2} {s3}"),
    marked("{s0} {s1} {s2} {s3} {s4}"),
    marked("{s0} {s1} {s2} {s3} {s4} {s5}"),
)
"""Sentences one after the other: some languages have no space between them."""


def joined(*sentences: Said) -> Said:
    """Sentences one after the other.

    >>> joined(say("One."), say("Two."))
    'One. Two.'
    """
    most = len(_IN_A_ROW) - 1
    while len(sentences) > most:
        sentences = joined(*sentences[:most]), *sentences[most:]
    return Said(_IN_A_ROW[len(sentences)], {f"s{i}": one for i, one in enumerate(sentences)})


def listed(*items: Said) -> Said:
    """One after the other, parted as one parts them.

    >>> listed(say("ring"), say("8 modes"), say("std 0.1"))
    'ring, 8 modes, std 0.1'
    """
    found = items[0]
    for item in items[1:]:
        found = say("{first}, {second}", first=found, second=item)
    return found


def parted(*items: Said) -> Said:
    """The same where items have commas of their own.

    >>> parted(say("R1, γ = 0.3"), say("packs of 2"))
    'R1, γ = 0.3; packs of 2'
    """
    found = items[0]
    for item in items[1:]:
        found = say("{first}; {second}", first=found, second=item)
    return found


def modes_in_words(count: int) -> Said:
    return say("{count} modes", count=count) if count > 1 else say("1 mode")


def _found(message: str) -> str:
    return messages(speaking()).get(message) or message


def _filled(message: str, params: Mapping[str, Any]) -> str:
    if not params:
        return message
    return _PLACE.sub(lambda place: _put_in(params[place[1]]) if place[1] in params else place[0], message)


def _put_in(value: Any) -> str:
    return t(value) if isinstance(value, Said) else str(value)


def _on_wire(value: Any) -> Any:
    return value.on_wire() if isinstance(value, Said) else value


def _off_wire(value: Any) -> Any:
    return Said.read(value) if isinstance(value, dict) else value
