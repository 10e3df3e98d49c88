"""The script that Streamlit runs for every page: what all pages have in common, then the one that is asked for."""

from __future__ import annotations

import streamlit as st

from gandash.ui import languages, ways
from gandash.ui.lesson_style import LESSON_STYLE
from gandash.ui.routes import ASSETS
from gandash.ui.style import STYLE, inks, streamlits_words
from gandash.ui.sweep_style import SWEEP_STYLE
from gandash.ui.tab import Tab

if "tab" not in st.session_state:
    st.session_state.tab = Tab()
languages.heed(st.session_state.tab)
page = st.navigation(ways.pages(), position="hidden")
st.set_page_config(
    page_title=page.title,
    page_icon=str(ASSETS / "pictures" / "icon.png"),
    layout="wide",
    initial_sidebar_state="auto",  # on a phone it would cover the stage
)
st.html(inks())
st.html(STYLE)
if words := streamlits_words():
    st.html(words)
st.html(LESSON_STYLE)
st.html(SWEEP_STYLE)
page.run()
