"""The page: one script run per change of a setting. It shows controls and mounts the live view; it never trains.

`st.session_state` is touched in this file alone: `run` (the run this tab shows), `preset`, `edition` (grows when the
config changes under the widgets, which are then made anew), `drawn` (the config they show), `trouble` (the last refusal,
in words), and what the canvas, the file widget and the live view hold, `canvas`, `upload` and `live`.
"""

from __future__ import annotations

import streamlit as st

from gandash.config import GameConfig
from gandash.players import Linear, Point
from gandash.presets import DEFAULT, PRESETS, Move, Preset
from gandash.settings import JsonValue, SettingError, setting_at, show
from gandash.targets import Drawn, Samples, Samples2D
from gandash.trainer.run import Run
from gandash.trainer.supervisor import NoRoom
from gandash.ui import controls, drawing, live, upload
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
    live.mount(run, "steer", "live", on_generation=lambda: None, on_start=placed)


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
            if group == "Data" and isinstance(config.data, Drawn):
                drawing.mount(config.data, "canvas", painted)
            elif group == "Data" and isinstance(config.data, Samples | Samples2D):
                upload.draw("upload", uploaded)
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


def replaced(config: GameConfig, path: str, value: JsonValue) -> GameConfig:
    """`config` with one setting changed, and with it the latent's dimension where it was that of the data."""
    new = config.replace(path, value)
    if path == "data" and config.latent.dimension == config.data.dimension != new.data.dimension:
        new = new.replace("latent.dimension", new.data.dimension)  # so that G's map can still be drawn whole
    return new


def painted() -> None:
    """A hand was lifted from the canvas: the run begins anew with what is painted now."""
    run: Run = state.run
    sent = state.canvas.get("painted")
    if sent is None or not isinstance(run.config.data, Drawn):
        return  # another kind of data was chosen meanwhile
    try:
        refusal = run.reconfigure(run.config.replace("data.painting", drawing.read(sent)))
    except SettingError as error:
        refusal = controls.in_words(error, run.config)
    if refusal:
        state.trouble = refusal
    state.drawn = None


def placed() -> None:
    """A place of the phase plane was clicked: the run begins anew from there, and plays on if it was playing."""
    run: Run = state.run
    sent = state.live.get("start")
    if sent is None or not (isinstance(run.config.generator, Point) and isinstance(run.config.discriminator, Linear)):
        return  # another game was chosen meanwhile
    try:
        theta, psi = live.read_start(sent)
        refusal = run.reconfigure(run.config.replace_all([("generator.start", theta), ("discriminator.start", psi)]))
    except SettingError as error:
        refusal = controls.in_words(error, run.config)
    if refusal:
        state.trouble = refusal
    state.drawn = None


def uploaded() -> None:
    """A file was chosen: the run begins anew with its rows, or goes on and the page says what is wrong with it."""
    run: Run = state.run
    file, data = state.upload, run.config.data
    if file is None or not isinstance(data, Samples | Samples2D):
        return  # the file was taken away: its rows are played on
    try:
        rows = upload.read(file.name, file.getvalue())
        refusal = run.reconfigure(replaced(run.config, "data", upload.settings(rows, data.scaling)))
    except upload.UploadError as error:
        refusal = str(error)
    except SettingError as error:
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
        config = replaced(run.config, path, controls.read(before, state[key]))
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
