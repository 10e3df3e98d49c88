"""Whatever is given for a setting, what is wrong with it is a message of ours and no sentence of pydantic's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gandash.config import GameConfig, parse_config
from gandash.config.setting import SettingError, Settings, kind_of, variants, with_settings
from gandash.words import Said, speak, t
from gandash.words.catalogue import messages

GIVEN: tuple[Any, ...] = (
    *(None, True, "x", "", -1, 0, 1.5, 1e9, 2**70, float("nan"), [], [1], ["a"], [[1, 2, 3]], [0.5] * 5000, {}),
    *({"a": 1}, {"kind": "nope"}, {"kind": []}, {"kind": 5}, "z" * 3000),
)


def fields(model: Settings, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field as a path and what stands around its value: nothing, or the variant that has it."""
    for name, field in type(model).model_fields.items():
        yield prefix + name, {}
        for variant in variants(field.annotation):
            yield from ((prefix + name, {"kind": kind_of(variant), own: ...}) for own in variant.model_fields)
        if isinstance(value := getattr(model, name), Settings):
            yield from fields(value, f"{prefix}{name}.")


def ids(said: Said) -> Iterator[str]:
    yield said.id
    for value in said.params.values():
        if isinstance(value, Said):
            yield from ids(value)


def foreign(error: SettingError) -> list[str]:
    """Sentences that no catalogue has. A list of choices or settings is none, and what was given neither."""
    known = messages("zh_Hans")
    return [one for one in ids(error.said) if one not in known and one.count(" ") >= 2 and one != "{said}"]


def test_no_sentence_of_pydantic_s_is_read_by_who_gives_a_wrong_value() -> None:
    config, refused, found = GameConfig(), 0, set()
    for path, around in fields(config):
        for given in GIVEN:
            value = {name: given if own is ... else own for name, own in around.items()} or given
            try:
                with_settings(config, [(path, value)])
            except SettingError as error:
                refused += 1
                found.update((path, one) for one in foreign(error))
    assert refused > 1000
    assert not found


@pytest.mark.parametrize("text", [b"", b"{", b"[1", b"nul", b"3", b'"x"', b'{"run": {"seed": 1,}}', b"\xff", b"[" * 5000])
def test_text_that_is_no_config_is_told_in_the_reader_s_language(text: bytes) -> None:
    with pytest.raises(SettingError) as error:
        parse_config(text)
    assert not foreign(error.value) and "b'" not in str(error.value)
    speak("zh_Hans")
    try:
        assert "给的是" in t(error.value.said)
    finally:
        speak("en")
