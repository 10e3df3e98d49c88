"""Which languages there are, and which of them somebody wants who asks for some language or other."""

from __future__ import annotations

ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
_TRADITIONAL = {"hant", "tw", "hk", "mo"}


def best(*wanted: str | None) -> str:
    """The first of these that is spoken here, as one of LANGUAGES: browsers' and systems' tags are understood; else English.

    >>> best(None, "fr-CA", "zh-TW"), best("zh_CN.UTF-8"), best("zh-Hant-HK"), best("zh"), best("C")
    ('zh_Hant', 'zh_Hans', 'zh_Hant', 'zh_Hans', 'en')
    """
    for one in wanted:
        language, *parts = (one or "").partition(".")[0].replace("_", "-").lower().split("-")
        if language == "en":
            return ENGLISH
        if language == "zh":
            is_traditional = "hans" not in parts and bool(_TRADITIONAL.intersection(parts))
            return "zh_Hant" if is_traditional else "zh_Hans"
    return ENGLISH


def asked_for(header: str | None) -> str:
    """What a request's Accept-Language asks for.

    >>> asked_for("fr;q=0.9, zh-TW,zh;q=0.8"), asked_for(None)
    ('zh_Hant', 'en')
    """
    return best(*(one.partition(";")[0].strip() for one in (header or "").split(",")))


def tag(language: str) -> str:
    """As HTML and an address have it.

    >>> tag("zh_Hant")
    'zh-Hant'
    """
    return language.replace("_", "-")
