"""One run; each button has it play other games side by side, or one again."""

from __future__ import annotations

import streamlit as st

from gandash.config import GameConfig
from gandash.config.data import GaussianConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.presets import PRESETS
from gandash.ui import live
from gandash.ui.service import supervisor
from gandash.ui.style import STYLE

LINE = GameConfig(data=GaussianConfig()).replace("run.batch", 64)
RATE = "discriminator_optimiser.learning_rate"
RUNAWAY = LINE.replace("objective", "least_squares").replace(
    "discriminator_optimiser", GradientDescentConfig(learning_rate=1.0)
)
COMPARED = {
    "Rates": [LINE.replace(RATE, rate) for rate in (1e-3, 3e-3, 1e-2)],
    "Eight": [LINE.replace(RATE, rate) for rate in (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2)],
    "Objectives": [LINE.replace("objective", name) for name in ("non_saturating", "minimax", "hinge", "wasserstein")],
    "Runaway": [LINE, RUNAWAY],
    "Widths": [LINE.replace("objective", "wasserstein").replace("data.std", std) for std in (0.2, 0.5, 0.8)],
    "Planes": [PRESETS["ring"].config.replace(RATE, rate) for rate in (1e-3, 3e-3)],
    "Line and plane": [LINE, PRESETS["ring"].config, PRESETS["dirac-orbit"].config],
}

st.set_page_config(layout="wide", initial_sidebar_state="expanded")
st.html(STYLE)
state = st.session_state
if "run" not in state:
    state.run = supervisor().create(LINE, "Compared")
with st.sidebar:
    for name, configs in COMPARED.items():
        st.button(name, on_click=state.run.compare, args=(configs,))
    st.button("One", on_click=state.run.begin_anew, args=(LINE, "One", None))


def nothing() -> None:
    return


said = {f"on_{what}": nothing for what in ("generation", "start", "member", "branch", "lesson")}
sent = live.mount(state.run, "steer", "live", **said, more={})
st.sidebar.caption(f"member {sent.member}")
