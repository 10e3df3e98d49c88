"""Sentences are made where they are read, in the reader's language, and cross a wire as an id and parameters."""

from __future__ import annotations

import contextvars
import errno
import os
from collections.abc import Callable

import pytest
from pydantic import BaseModel, ValidationError

from gandash.words import Said, best, of_system, say, speak, speaking, t, tn
from gandash.words.catalogue import messages
from gandash.words.noting import noted, read_note


def spoken(language: str, make: Callable[[], str]) -> str:
    """What is made while a language is spoken, in a context of its own."""

    def made() -> str:
        speak(language)
        return make()

    return contextvars.copy_context().run(made)


def test_a_sentence_is_made_in_the_language_that_is_spoken() -> None:
    assert spoken("en", lambda: t("step {step}", step=3)) == "step 3"
    assert spoken("zh_Hans", lambda: t("step {step}", step=3)) == "第 3 步"
    assert spoken("zh_Hant", lambda: t("Learning rates")) == "學習率"
    assert speaking() == "en"  # nobody else's language has changed


def test_what_no_catalogue_has_stays_english_and_formulas_keep_their_braces() -> None:
    assert spoken("zh_Hans", lambda: t("no such {thing} E_{x∼p_r}", thing="sentence")) == "no such sentence E_{x∼p_r}"


@pytest.mark.parametrize(("count", "english"), [(0, "0 games"), (1, "1 game"), (2, "2 games")])
def test_a_plural_is_chosen_by_the_count(count: int, english: str) -> None:
    assert tn("{count} game", "{count} games", count) == english


class Told(BaseModel):
    words: Said


def test_a_message_crosses_a_wire_as_its_id_and_parameters_and_is_english_text_meanwhile() -> None:
    inner = say("step {step}", step=7)
    told = Told(words=say("{what}, step {step}", what=inner, step=2))
    assert told.words == "step 7, step 2" and isinstance(told.words, str)
    wire = told.model_dump_json()
    assert '"id":"{what}, step {step}"' in wire and "step 7" not in wire
    back = Told.model_validate_json(wire)
    assert back == told and back.words.params["what"].params == {"step": 7}
    assert spoken("zh_Hans", lambda: t(back.words)) == "第 7 步，第 2 步"


def test_an_older_record_has_finished_sentences() -> None:
    assert Told.model_validate({"words": "It is {so}"}).words == "It is {so}"
    with pytest.raises(ValidationError):
        Told.model_validate({"words": 3})


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        (("zh-CN",), "zh_Hans"),
        (("zh-TW",), "zh_Hant"),
        (("zh-Hant-HK",), "zh_Hant"),
        (("zh-Hans-HK",), "zh_Hans"),
        (("zh_TW.UTF-8",), "zh_Hant"),
        (("fr", "zh"), "zh_Hans"),
        (("en-GB", "zh"), "en"),
        ((None, ""), "en"),
    ],
)
def test_a_tag_is_understood(tags: tuple[str | None, ...], language: str) -> None:
    assert best(*tags) == language


def test_messages_are_kept_within_a_text_that_older_programs_wrote_too() -> None:
    many = [say("{count} modes", count=n) for n in range(50)]
    assert read_note(noted(many[:2], 200)) == "0 modes; 1 modes"
    cut = noted(many, 300)
    assert len(cut.encode()) <= 300 and read_note(cut).startswith("0 modes; 1 modes; ") and read_note(cut).endswith("; …")
    speak("zh_Hans")
    try:
        assert t(read_note(noted(many[:2], 200))) == "0 个模式；1 个模式"
    finally:
        speak("en")
    for text in ("all 12 pictures kept; {x}", "", "[]", "[1]", '[{"id": 3}]', "{", "[" * 5000):
        assert t(read_note(text)) == text


def test_what_the_system_says_most_often_is_in_the_catalogue() -> None:
    for number in (errno.ENOSPC, errno.EACCES, errno.ENOENT, errno.EROFS, errno.EDQUOT, errno.EISDIR, errno.ECONNREFUSED):
        said = of_system(OSError(number, os.strerror(number), "/srv/runs/1"))
        assert said == os.strerror(number) and said.id in messages("zh_Hans") and said.id in messages("zh_Hant")
