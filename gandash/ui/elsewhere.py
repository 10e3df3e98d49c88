"""This tab's run on the other pages: a line that says where it is. It is looked at from there, and so goes on."""

from __future__ import annotations

import streamlit as st

from gandash import __version__
from gandash.server.run import Run
from gandash.wire.browser import Role
from gandash.words import speaking, titles

_SCRIPT = """
let module;
export default function (component) {
  module ??= import(new URL('./gandash/assets/live/elsewhere.js?v=VERSION', document.baseURI).href);
  module.then(({ update }) => update(component), error => { module = undefined; console.error(error); });
  return () => module?.then(({ teardown }) => teardown(component.parentElement), () => {});
}
""".replace("VERSION", __version__)

_component = st.components.v2.component("gandash_elsewhere", js=_SCRIPT, html="<div></div>", isolate_styles=False)


def mount(run: Run | None) -> None:
    """Where there is none, nothing is seen of it."""
    token, title = (run.tokens[Role.WATCH], titles.in_words(run.title)) if run is not None else ("", "")
    _component(key="elsewhere", data={"token": token, "socket": "gandash/live", "title": title, "language": speaking()})
