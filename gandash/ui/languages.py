"""The language that a visitor reads: what was chosen by the switch, else what the address asks for, else the browser's."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gandash.ui.tab import Tab
from gandash.words import LANGUAGES, best, speak, speaking, tag
from gandash.words.catalogue import messages
from gandash.words.languages import ENGLISH

PARAMETER = "lang"  # of the address; assets/live/words.js reads it too
SWITCH = "language"


def heed(tab: Tab) -> None:
    """At the beginning of each script run: what follows speaks the visitor's language, and a reload finds a chosen one."""
    asked = st.query_params.get(PARAMETER, "")
    if asked and best(asked) == best(asked, "zh") and not tab.language:  # a language that is spoken here
        tab.language = best(asked)
    chosen = st.session_state.get(SWITCH)
    if chosen in LANGUAGES and chosen != (tab.language or best(st.context.locale)):
        tab.language = chosen
        tab.is_stale = True  # the widgets are made anew, in other words
    speak(tab.language or best(st.context.locale))
    if tab.language and asked != tag(tab.language):
        st.query_params[PARAMETER] = tag(tab.language)


def own(key: str) -> str:
    """The key of a list whose choices are words: one for each language, for Streamlit knows what was chosen by its words."""
    return key if speaking() == ENGLISH else f"{key}/{speaking()}"


def draw() -> None:
    """The switch."""
    if SWITCH not in st.session_state:
        st.session_state[SWITCH] = speaking()
    st.segmented_control(
        "Language",  # in English too: who cannot read the page has to find it
        list(LANGUAGES),
        default=st.session_state[SWITCH],
        format_func=LANGUAGES.__getitem__,
        key=SWITCH,
        required=True,
        label_visibility="collapsed",
    )


async def catalogue(request: Request) -> Response:
    """All messages of a language, for the browser."""
    language = request.path_params["language"]
    if language not in LANGUAGES:
        return Response("no such language", status_code=404)
    body = await asyncio.to_thread(_as_json, language)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})


@cache
def _as_json(language: str) -> bytes:
    return json.dumps(messages(language), ensure_ascii=False).encode()


routes: list[BaseRoute] = [Route("/gandash/assets/words/{language}.json", catalogue)]
