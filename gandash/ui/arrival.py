"""The first page that a browser gets: Streamlit's own, with room kept for the live view, whose files are loaded at once."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gandash import __version__
from gandash.paths import ASSETS
from gandash.ui.watching import led_there
from gandash.words.catalogue import messages_of
from gandash.words.languages import ENGLISH, LANGUAGES

STREAMLIT_PAGE = Path(st.__file__).parent / "static" / "index.html"
ENTRY, STYLE = "live.js", "live.css"
LATER = ("elsewhere", "sweep")  # how modules of other pages than the first begin


async def page(request: Request) -> Response:
    """Streamlit's index page with our additions; the browser asks each time whether it changed."""
    if (elsewhere := led_there(request)) is not None:
        return elsewhere
    return HTMLResponse(arrival_page(), headers={"Cache-Control": "no-cache"})


@cache
def arrival_page() -> str:
    """Every address in it is relative: the page may be served under any path, and the server need not know which."""
    modules = sorted(path.name for path in (ASSETS / "live").glob("*.js") if not path.name.startswith(LATER))
    # Named here, they load side by side; otherwise the browser finds each only in the module that imports it
    preloads = "".join(f'<link rel="modulepreload" href="./gandash/assets/live/{address(name)}">\n' for name in modules)
    style = f'<link rel="preload" as="style" href="./gandash/assets/live/{STYLE}?v={__version__}">\n'
    # First in the head: the picture waits for these; behind Streamlit's own many files they would come late
    streamlit = STREAMLIT_PAGE.read_text("utf-8").replace("<head>", f"<head>\n{preloads}", 1)
    holder, script = ((ASSETS / "arrival" / name).read_text("utf-8") for name in ("arrival.html", "arrival.js"))
    words = {language: messages_of(language, "assets/arrival/") for language in LANGUAGES if language != ENGLISH}
    data = json.dumps(words, ensure_ascii=False).replace("<", r"\u003c")
    words_of_it = f'<script type="application/json" class="gd-words">{data}</script>\n'
    return added(streamlit, style, f"{holder}{words_of_it}<script>\n{script}</script>\n")


def address(module: str) -> str:
    """A module's name as it is asked for: the first one with the version, the others as their importers write them."""
    return f"{module}?v={__version__}" if module == ENTRY else module


def added(html: str, head: str, body: str) -> str:
    """`html` with something at the end of its head and of its body; a page without them stays as it is."""
    for end, addition in (("</head>", head), ("</body>", body)):
        before, found, after = html.rpartition(end)
        html = before + addition + found + after if found else html
    return html
