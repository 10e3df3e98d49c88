"""One run; each button has it play on other pictures, or two games of pictures side by side."""

from __future__ import annotations

import streamlit as st

from gandash.config import GameConfig
from gandash.config.data import BarsConfig, DigitsConfig
from gandash.ui import live
from gandash.ui.service import supervisor
from gandash.ui.style import STYLE

DIGITS = GameConfig(data=DigitsConfig()).replace("run.batch", 32).replace("latent.dimension", 2)
BARS = GameConfig(data=BarsConfig()).replace("run.batch", 32)
GAMES = {"Bars": BARS, "Critic": DIGITS.replace("objective", "wasserstein"), "Digits": DIGITS}

st.set_page_config(layout="wide")
st.html(STYLE)
state = st.session_state
if "run" not in state:
    state.run = supervisor().create(DIGITS, "Digits")
with st.sidebar:
    for name, config in GAMES.items():
        st.button(name, on_click=state.run.begin_anew, args=(config, name, None))
    st.button("Two", on_click=state.run.compare, args=([DIGITS, BARS],))
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
