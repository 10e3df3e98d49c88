"""The page: one script run per change of a setting. It shows controls and mounts the live view; it never trains.

`st.session_state` is touched in this file alone: `run` (the run this tab shows), `preset`, `edition` (grows when the
config changes under the widgets, which are then made anew), `drawn` (the config they show) and `trouble` (the last
refusal, in words).
"""

from __future__ import annotations

import streamlit as st

from gandash.config import GameConfig
from gandash.presets import DEFAULT, PRESETS, Move, Preset
from gandash.settings import SettingError, setting_at, show
from gandash.trainer.run import Run
from gandash.trainer.supervisor import NoRoom
from gandash.ui import controls, live
from gandash.ui.routes import ASSETS, VISITOR_COOKIE
from gandash.ui.service import supervisor
from gandash.ui.style import STYLE

state = st.session_state


def main() -> None:
    st.set_page_config(
        page_title="gandash",
        page_icon=str(ASSETS / "pictures" / "icon.png"),
        layout="wide",
        initial_sidebar_state="expanded",
    )
    st.html(STYLE)
    try:
        run = attached_run()
    except NoRoom as full:
        st.warning(f"**No room for another run.** {full}", icon=":material/group:")
        st.button("Try again", type="primary")
        return
    if state.get("drawn") != run.config:
        state.edition = state.get("edition", 0) + 1
        state.drawn = run.config
    with st.sidebar:
        sidebar(run)
    live.mount(run, "steer", on_generation=lambda: None)


def attached_run() -> Run:
    """This tab's run: the one it has, the one its address names, the one left behind, or a new one. Raises NoRoom."""
    run: Run | None = state.get("run")
    if run is not None and not run.has_gone:
        return run
    visitor = st.context.cookies.get(VISITOR_COOKIE, "")
    run = None
    if "run" not in state:  # a new session: a reload, or a tab opened again
        run = supervisor().find(st.query_params.get("run", ""), visitor) or supervisor().kept_for(visitor)
        state.preset = next((p.name for p in PRESETS.values() if run and p.title == run.title), DEFAULT.name)
    if run is None:
        preset = PRESETS[state.preset]
        run = supervisor().create(preset.config, preset.title, visitor, preset.speed)
    run.expect_viewer()
    state.run = run
    st.query_params["run"] = run.id
    return run


def sidebar(run: Run) -> None:
    config: GameConfig = state.drawn
    st.html('<div class="gd-title">gandash <span>see a GAN train</span></div>')
    names = list(PRESETS)
    st.selectbox(
        "Preset",
        names,
        key="preset",
        format_func=lambda name: PRESETS[name].title,
        on_change=choose_preset,
        help="A ready game. Choosing one begins it from step 0, paused.",
    )
    st.caption(PRESETS[state.preset].watch, help=PRESETS[state.preset].promise)
    for move in PRESETS[state.preset].moves:
        st.button(move.label, key=f"move/{move.label}", on_click=make_move, args=(move,), type="secondary", width="stretch")
    if trouble := state.pop("trouble", ""):
        st.error(trouble, icon=":material/error:")
    for path in controls.ALWAYS:
        try:
            setting = setting_at(config, path)
        except SettingError:
            continue  # simultaneous play has no steps per round
        controls.draw(setting, widget_key(path), changed)
    for group, members in controls.groups(config).items():
        with st.expander(f"{group} :gray[{controls.summary(config, group)}]", key=f"group-{group}"):
            for setting in members:
                controls.draw(setting, widget_key(setting.path), changed)
    st.html('<div class="gd-legend"><span>● acts at once</span><span>↻ restarts the run</span></div>')


def widget_key(path: str) -> str:
    return f"{state.edition}/{path}"


def choose_preset() -> None:
    preset: Preset = PRESETS[state.preset]
    run: Run = state.run
    if run.has_ended:
        state.pop("run")
        state.run = None  # not a new session: do not look for what was left behind
        return
    run.begin_anew(preset.config, preset.title, preset.speed)


def make_move(move: Move) -> None:
    """The change that the preset invites to, as one press; a mark on the curves says when."""
    run: Run = state.run
    try:
        refusal = run.reconfigure(run.config.replace_all(move.changes))
    except SettingError as error:  # the person chose another optimiser, say, and the move no longer applies
        refusal = controls.in_words(error, run.config)
    if refusal:
        state.trouble = refusal
    state.drawn = None


def changed(path: str, key: str) -> None:
    """A person moved a widget: the run goes on under the new setting, or the widget goes back and says why."""
    if not key.startswith(f"{state.edition}/"):
        return  # a widget of a game that is over: a rerun that the browser asked for earlier still carries its value
    run: Run = state.run
    try:
        before = setting_at(run.config, path)
        config = run.config.replace(path, controls.read(before, state[key]))
        if path == "data" and run.config.latent.dimension == run.config.data.dimension != config.data.dimension:
            config = config.replace("latent.dimension", config.data.dimension)  # so that G's map can still be drawn whole
        refusal = run.reconfigure(config)
    except SettingError as error:
        refusal = controls.in_words(error, run.config)
    if refusal:
        state.trouble = refusal
        state.drawn = None  # widgets are made anew, showing what is played
        return
    if before.scale == "log":  # two widgets show this one: the exact value and the slider
        after = setting_at(config, path)
        base = key.removesuffix("/slider")
        state[base] = show(after.value)
        state[f"{base}/slider"] = controls.nearest_tick(after)
    if not before.is_variant:
        state.drawn = config  # the widgets already show it; a variant brings other settings and new widgets


main()
