"""One run; each button has it play a game on another kind of data, from the first step on."""

from __future__ import annotations

import streamlit as st
from browser.kinds import GAMES

from gandash.config import GameConfig
from gandash.server.run import Run
from gandash.ui import live
from gandash.ui.service import supervisor
from gandash.ui.style import STYLE
from gandash.wire.messages import Play

st.set_page_config(layout="wide", initial_sidebar_state="expanded")
st.html(STYLE)
state = st.session_state
if "run" not in state:
    state.run = supervisor().create(next(iter(GAMES.values())), "Kinds")


def play(run: Run, name: str, config: GameConfig) -> None:
    assert (run.begin_anew(config, name, None) or run.order(Play())) == ""


with st.sidebar:
    for name, config in GAMES.items():
        st.button(name, on_click=play, args=(state.run, name, config))
live.mount(
    state.run,
    "steer",
    "live",
    on_generation=lambda: None,
    on_start=lambda: None,
    on_member=lambda: None,
    on_branch=lambda: None,
    on_lesson=lambda: None,
    more={},
)
