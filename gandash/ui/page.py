"""The page: one script run per change of a setting. It shows controls and mounts the live view; it never trains.

`st.session_state` is touched in this file alone: `run` (the run this tab shows), `preset`, `member` (which of several compared
games the controls are for; None: all of them), `edition` (grows when the config changes under the widgets, which are then
made anew), `drawn` (the config they show), `trouble` (the last refusal, in words), and what the canvas, the file widget and
the live view hold, `canvas`, `upload` and `live`.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gandash.config import GameConfig
from gandash.pictures import PICTURE_LATENT, Pictures, UploadedPictures
from gandash.players import Convolutional, Linear, Network, Point
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import Move, Preset
from gandash.settings import JsonValue, SettingError, kind_of, setting_at, show, variants
from gandash.targets import Drawn, Samples, Samples2D
from gandash.trainer.messages import MAX_MEMBERS
from gandash.trainer.run import Run
from gandash.trainer.supervisor import NoRoom
from gandash.ui import comparing, controls, drawing, live, upload
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
    if state.get("member") is not None and state.member >= len(run.configs):
        state.member = None
    if state.get("drawn") != shown(run):
        state.edition = state.get("edition", 0) + 1
        state.drawn = shown(run)
    with st.sidebar:
        sidebar(run)
    live.mount(run, "steer", "live", on_generation=lambda: None, on_start=placed, on_member=picked)


def shown(run: Run) -> GameConfig:
    """The settings that the controls show: those of the game chosen, of compared ones the first."""
    return run.configs[state.get("member") or 0]


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
    compared(run)
    differing = comparing.differing(run.configs) if state.get("member") is None else {}
    for path in controls.ALWAYS:
        try:
            setting = setting_at(config, path)
        except SettingError:
            continue  # simultaneous play has no steps per round
        controls.draw(setting, widget_key(path), changed, differing.get(path, ""))
    for group, members in controls.groups(config).items():
        with st.expander(f"{group} :gray[{controls.summary(config, group)}]", key=f"group-{group}"):
            for setting in members:
                controls.draw(setting, widget_key(setting.path), changed, differing.get(setting.path, ""))
            if group == "Data" and isinstance(config.data, Drawn):
                drawing.mount(config.data, "canvas", painted)
            elif group == "Data" and isinstance(config.data, Samples | Samples2D):
                upload.draw("upload", uploaded)
            elif group == "Data" and isinstance(config.data, UploadedPictures):
                upload.draw_pictures("pictures", pictures_uploaded)
            if note := controls.cost(config, group):
                st.caption(note)
    if len(run.configs) == 1:
        with st.expander("Compare :gray[several games side by side]", key="group-Compare"):
            comparison(config)
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


def attempt(change: Callable[[Run], str]) -> bool:
    """Change the run; where that cannot be, the next script run says why. The widgets are made anew and show what is played."""
    run: Run = state.run
    try:
        refusal = change(run)
    except SettingError as error:
        refusal = controls.in_words(error, shown(run))
    except upload.UploadError as error:
        refusal = str(error)
    if refusal:
        state.trouble = refusal
    state.drawn = None
    return not refusal


def make_move(move: Move) -> None:
    """The change that the preset invites to, as one press; a mark on the curves says when."""
    attempt(lambda run: run.reconfigure(*(config.replace_all(move.changes) for config in run.configs)))


def replaced(config: GameConfig, path: str, value: JsonValue) -> GameConfig:
    """`config` with one setting changed; with other data also what would not go with them."""
    return config.replace_all([(path, value), *(_following(config, value) if path == "data" else ())])


def _following(config: GameConfig, data: JsonValue) -> list[tuple[str, JsonValue]]:
    """What changes with the data: the latent's dimension, so that G's map can still be drawn whole, where it was the data's or
    these turn to pictures or back; and players that need pictures, where there are none."""
    kind = data.get("kind") if isinstance(data, dict) else None
    new = next((m for m in variants(GameConfig.model_fields["data"].annotation) if kind_of(m) == kind), type(config.data))
    were, are = isinstance(config.data, Pictures), issubclass(new, Pictures)
    if are:
        return [] if were else [("latent.dimension", PICTURE_LATENT)]
    follows = were or config.latent.dimension == config.data.dimension
    plain = Network().model_dump(mode="json")
    needy = [name for name in ("generator", "discriminator") if isinstance(getattr(config, name), Convolutional)]
    dimension = [("latent.dimension", getattr(new, "dimension", 1))] if follows else []
    return [*dimension, *((name, plain) for name in needy)]


def with_change(run: Run, path: str, value: JsonValue) -> list[GameConfig]:
    """The run's games with one setting changed: in the game chosen, or in all that have it."""
    member: int | None = state.get("member")
    concerned = [i for i, config in enumerate(run.configs) if member in (None, i) and has(config, path)]
    return [replaced(config, path, value) if i in concerned else config for i, config in enumerate(run.configs)]


def has(config: GameConfig, path: str) -> bool:
    try:
        setting_at(config, path)
    except SettingError:
        return False
    return True


def painted() -> None:
    """A hand was lifted from the canvas: the run begins anew with what is painted now."""
    sent = state.canvas.get("painted")
    if sent is not None and isinstance(shown(state.run).data, Drawn):  # no other kind of data was chosen meanwhile
        attempt(lambda run: run.reconfigure(*with_change(run, "data.painting", drawing.read(sent))))


def placed() -> None:
    """A place of the phase plane was clicked: the run begins anew from there, and plays on if it was playing."""
    sent = state.live.get("start")

    def start(run: Run) -> str:
        theta, psi = live.read_start(sent)
        begin = [("generator.start", theta), ("discriminator.start", psi)]
        return run.reconfigure(*(config.replace_all(begin) if is_scalar(config) else config for config in run.configs))

    if sent is not None and any(map(is_scalar, state.run.configs)):  # no other game was chosen meanwhile
        attempt(start)


def is_scalar(config: GameConfig) -> bool:
    return isinstance(config.generator, Point) and isinstance(config.discriminator, Linear)


def uploaded() -> None:
    """A file was chosen: the run begins anew with its rows, or goes on and the page says what is wrong with it."""
    file, data = state.upload, shown(state.run).data
    if file is None or not isinstance(data, Samples | Samples2D):
        return  # the file was taken away: its rows are played on
    scaling = data.scaling
    attempt(
        lambda run: run.reconfigure(
            *with_change(run, "data", upload.settings(upload.read(file.name, file.getvalue()), scaling))
        )
    )


def pictures_uploaded() -> None:
    """Picture files were chosen, or another size for them: the run begins anew with them, or the page says what is wrong."""

    def begin(run: Run) -> str:
        data = upload.chosen_pictures(state.to_dict(), "pictures")
        return run.reconfigure(*with_change(run, "data", data)) if data else ""

    if isinstance(shown(state.run).data, UploadedPictures):  # no other kind of data was chosen meanwhile
        with st.spinner("Reading the pictures…"):
            attempt(begin)


# ------------------------------------------------------------------------------------------------------ several games

ALL, PRESETS_COMPARED = "all games", "presets"


def compared(run: Run) -> None:
    """While several games are compared: which of them the controls are for, and the way back to a single one."""
    if len(run.configs) == 1:
        return
    labels = run.labels
    st.selectbox(
        "The settings below are for",
        [None, *range(len(labels))],
        index=0 if state.get("member") is None else 1 + state.member,
        format_func=lambda i: ALL if i is None else f"{i + 1}: {labels[i]}",
        key=widget_key("member"),
        on_change=chosen,
        help="A setting changed here acts on all games, or on the chosen one alone. A click on a game's title chooses it too.",
    )
    alone = state.get("member") or 0
    word = "End the comparison" if state.get("member") is None else f"Play {labels[alone]} alone"
    st.button(word, key="alone", on_click=play_alone, args=(alone,), type="secondary", width="stretch")


def chosen() -> None:
    state.member = state.get(widget_key("member"))
    state.drawn = None


def picked() -> None:
    """The title of one of the games in the picture was clicked."""
    number = state.live.get("member")
    if isinstance(number, int) and 0 <= number < len(state.run.configs):
        state.member = number
        state.drawn = None


def play_alone(i: int) -> None:
    config = state.run.configs[i]
    state.member = None
    attempt(lambda run: run.reconfigure(config))


def comparison(config: GameConfig) -> None:
    """What the games are to differ in, and the button that begins them."""
    offered = {s.path: s for s in comparing.varied(config)}
    path = st.selectbox(
        "What differs",
        [*offered, PRESETS_COMPARED],
        format_func=lambda p: controls.name(offered[p]) if p in offered else "everything: ready games (presets)",
        key=widget_key("compare/path"),
        help="Up to eight games play in lockstep on the same data and seed, and differ in this alone.",
    )
    key = widget_key(f"compare/{path}")
    if path == PRESETS_COMPARED:
        st.multiselect("Games", list(PRESETS), format_func=lambda n: PRESETS[n].title, key=key, max_selections=MAX_MEMBERS)
    elif words := comparing.choices(offered[path]):
        suggested = comparing.suggested_choices(offered[path])
        st.multiselect("Values", list(words), suggested, format_func=words.__getitem__, key=key, max_selections=MAX_MEMBERS)
    else:
        st.text_input("Values, one for each game", value=comparing.suggested_numbers(offered[path]), key=key)
    st.button("↻ Compare", key="compare", on_click=compare, args=(path, key), type="primary", width="stretch")


def compare(path: str, key: str) -> None:
    """Begin the comparison; where it cannot be, the game goes on and the page says why."""
    given = state.get(key)

    def begin(run: Run) -> str:
        if path != PRESETS_COMPARED:
            return run.compare(comparing.games(run.config, setting_at(run.config, path), given))
        presets = [PRESETS[name] for name in given or ()]
        if len(presets) < 2:
            raise SettingError("preset", f"{len(presets)} games", "a comparison needs at least 2", "choose them above")
        return run.compare([p.config for p in presets], [p.title for p in presets])

    attempt(begin)


def changed(path: str, key: str) -> None:
    """A person moved a widget: the run goes on under the new setting, or the widget goes back and says why."""
    if not key.startswith(f"{state.edition}/"):
        return  # a widget of a game that is over: a rerun that the browser asked for earlier still carries its value

    def change(run: Run) -> str:
        return run.reconfigure(*with_change(run, path, controls.read(setting_at(shown(run), path), state[key])))

    if not attempt(change):
        return
    config = shown(state.run)
    after = setting_at(config, path)
    if after.scale == "log":  # two widgets show this one: the exact value and the slider
        base = key.removesuffix("/slider")
        state[base] = show(after.value)
        state[f"{base}/slider"] = controls.nearest_tick(after)
    if not after.is_variant and len(state.run.configs) == 1:
        state.drawn = config  # the widgets already show it; a variant brings other settings and new widgets


main()
