"""The lab: one script run per change of a setting. It shows controls and mounts the live view; it never trains.

`st.session_state` is touched by the pages' scripts alone. It holds `tab` (what this tab shows and what was chosen: see
`ui.tab`) and what the widgets hold. A callback only notes a choice; each script run begins by following what was noted, and
then shows what is played.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any

import streamlit as st

from gandash import typed
from gandash.config import GameConfig
from gandash.config.data import DrawnConfig, Samples2DConfig, SamplesConfig, UploadedPicturesConfig
from gandash.config.setting import setting_at, settings, show
from gandash.links.format import PARAMETER as LINK
from gandash.presets import PRESETS
from gandash.server.run import Run
from gandash.server.supervisor import Unavailable
from gandash.ui import (
    choices,
    comparing,
    controls,
    drawing,
    languages,
    learning,
    lesson_panel,
    live,
    presenting,
    ready_games,
    upload,
    ways,
)
from gandash.ui.place import Place
from gandash.ui.service import arrive, begin, supervisor
from gandash.ui.tab import Tab
from gandash.ui.whose import visitor_of
from gandash.ui.words import maths
from gandash.wire.browser import Role
from gandash.wire.messages import MAX_MEMBERS
from gandash.words import t, titles

state = st.session_state

PICTURES = ("files", "offered", "side", "colour", "count")  # what the widgets for picture files hold, behind `pictures/`


def main() -> None:
    tab: Tab = state.tab
    tab.begin_script_run()
    tab.who = visitor_of(st.context.headers, st.context.cookies)
    try:
        if tab.run is not None or not tab.noted:  # who comes from a record to branch off needs no other run
            attach(tab)
        heed_address(tab)
        presenting.follow(supervisor().classroom, tab)
        follow(tab)
        run = attach(tab)  # another where the one before had ended
        presenting.follow(supervisor().classroom, tab)
    except Unavailable as full:
        st.warning(f"**{t('No room for another run.')}** {full}", icon=":material/group:")
        st.button(t("Try again"), type="primary")
        return
    try:
        draw(tab, run)
    finally:  # also where another rerun ends this one: a copy of the state is taken without touching Streamlit
        tab.hear({key: value for key, value in state.to_dict().items() if key != "tab"})
    tab.is_said = True


def draw(tab: Tab, run: Run) -> None:
    place = learning.place_of(run)
    if place is not None:
        learning.look(place, run)
    presenting.tell(supervisor().classroom, run, place)
    write_address(tab, place)
    live.mount(
        run,
        Role.STEER,
        "live",
        on_generation=tab.hear_of_a_game,
        on_start=lambda: tab.note(choices.start_from, sent("live", "start")),
        on_member=lambda: tab.note(choices.member, sent("live", "member")),
        on_branch=lambda: tab.note(choices.branch, sent("live", "branch"), slow=t("Going back to that step…")),
        on_lesson=lambda: tab.note(learning.seen, sent("live", "lesson")),
        more=learning.for_browser(place, learning.hidden(place, tab.hidden)),
    )
    if place is not None:  # it stands in the sidebar's place
        lesson_panel.draw(tab, run, place, lambda: lesson_settings(tab, run, place))
        return
    with st.sidebar:  # after the view: the browser needs longest for that
        sidebar(tab, run)


HIDE, LESSON, PART = "hide", "lesson", "part"  # of the address: controls, a lesson by its name, its step by its number


def heed_address(tab: Tab) -> None:
    """A lesson that the address names, when it comes to name another; and what is to be hidden."""
    address = st.query_params
    if HIDE in address:
        tab.hidden = tuple(filter(None, address[HIDE].replace(" ", ",").split(",")))
    wanted = address.get(LESSON, "")
    if tab.is_late(wanted):
        return
    if wanted and wanted != tab.addressed and tab.run is not None:
        tab.note(learning.open_lesson, wanted, address.get(PART, ""))
    tab.addressed = wanted


def write_address(tab: Tab, place: Place | None) -> None:
    """A reload finds the lesson and its step there, also in another run."""
    tab.address(place.lesson.name if place else "")
    wanted = {LESSON: tab.addressed, PART: str(place.step + 1) if place else "", HIDE: ",".join(tab.hidden)}
    for name, value in wanted.items():
        if st.query_params.get(name, "") == value:
            continue
        if value:
            st.query_params[name] = value
        else:
            del st.query_params[name]


def attach(tab: Tab) -> Run:
    """This tab's run: the one it has, else the one in its address, else what the link there tells of, else the one left
    behind, else a new one. From then on the live view writes the link.

    Raises Unavailable.
    """
    visitor = tab.who.name
    if tab.run is None or tab.run.has_gone:
        preset = PRESETS[tab.preset]
        if tab.is_new:  # opened, opened again, or reloaded
            address = st.query_params
            found = arrive(supervisor(), address.get("run", ""), address.get(LINK, ""), visitor, preset)
        else:
            found = begin(supervisor(), preset, visitor)
            found.expect_viewer()
        tab.attach(found)
    assert tab.run is not None
    if st.query_params.get("run") != tab.run.id:
        st.query_params["run"] = tab.run.id
    return tab.run


def follow(tab: Tab) -> None:
    """Do what was chosen since the last script run, in order. Streamlit may end this run at any call of it; a choice that was
    not followed by then stays noted, for the next run."""
    with tab.turn:
        while tab.noted:
            choice = tab.noted[0]
            held = [state.get(key) for key in choice.keys]
            with st.spinner(choice.slow) if choice.slow else nullcontext():
                tab.follow(held)


def sent(component: str, name: str) -> Any:
    """What the browser sent with the event that this callback is about. It is gone at the next rerun, and is read from a copy
    of the state: reading the state itself could end the callback."""
    return (state.to_dict().get(component) or {}).get(name)


def shown_in(tab: Tab, name: str, value: Any) -> str:
    """The key of the widget by this name, which is to show `value`: what is played.

    A value set from here would cross with what the browser says in the same moment, and that would look like a choice. So a
    widget that holds something else is given up for a new one. The value is also to be the widget's default: Streamlit sends
    a value that the state was given only once, and a browser that is run again before it has the widget does not keep it.
    """
    key = tab.key(name)
    if key in state and not _same(state[key], value):
        key = tab.next_key(name)
    if key not in state:
        state[key] = value
    return key


def _same(held: Any, value: Any) -> bool:
    if isinstance(held, str) and isinstance(value, str):  # perhaps a number written another way
        with suppress(ValueError):
            return float(held) == float(value)
    return bool(held == value)


def sidebar(tab: Tab, run: Run) -> None:
    config = tab.draw()
    hidden = learning.hidden(None, tab.hidden)
    if "pages" not in hidden:
        ways.draw(ways.LAB, run.id)
    if "presets" not in hidden:
        presets(tab, run)
    for trouble in dict.fromkeys(tab.trouble):
        st.error(trouble, icon=":material/error:")
    branched(tab, run)
    compared(tab, run)
    draw_setting = setting_drawer(tab, run, config)
    for path in controls.ALWAYS:
        if choices.has(config, path) and not learning.is_hidden(path, hidden):  # simultaneous play has no steps per round
            draw_setting(path)
    for group, members in controls.groups(config).items():
        shown = [setting for setting in members if not learning.is_hidden(setting.path, hidden)]
        if not shown:
            continue
        with st.expander(f"{t(group)} :gray[{controls.summary(config, group)}]", key=f"group-{group}"):
            for setting in shown:
                draw_setting(setting.path)
            if group == "Data":
                data(tab, config)
            if note := controls.cost(config, group):
                st.caption(note)
    if len(run.configs) == 1 and "compare" not in hidden:
        with st.expander(t("Compare :gray[several games side by side]"), key="group-Compare"):
            comparison(tab, config)
    if "settings" not in hidden:
        st.html(f'<div class="gd-legend"><span>{t("● acts at once")}</span><span>{t("↻ restarts the run")}</span></div>')


def lesson_settings(tab: Tab, run: Run, place: Place) -> None:
    """The controls that belong to a lesson's step; where it names none, those that always stand in view."""
    config = tab.draw()
    wanted = place.lesson.controls(place.step)
    names = controls.ALWAYS if wanted is None else wanted
    hidden = learning.hidden(place, tab.hidden)
    paths = [s.path for s in settings(config) if learning.is_hidden(s.path, names) and not learning.is_hidden(s.path, hidden)]
    draw_setting = setting_drawer(tab, run, config)
    for path in paths:
        draw_setting(path)


def setting_drawer(tab: Tab, run: Run, config: GameConfig) -> Callable[[str], None]:
    """What draws the widget of a setting by its path."""
    edition = tab.edition
    differing = comparing.differing(run.configs) if tab.member is None else {}

    def draw(path: str) -> None:
        setting = setting_at(config, path)
        name = f"{edition}/{path}"
        if setting.scale == "log":  # two widgets show this one: the exact value and the slider
            slider = shown_in(tab, f"{name}/slider", controls.nearest_tick(setting))
            name = shown_in(tab, name, show(setting.value))
            controls.draw(setting, name, changed, differing.get(path, ""), slider)
        else:
            controls.draw(setting, name, changed, differing.get(path, ""))

    def changed(path: str, key: str) -> None:
        tab.note(choices.setting, path, edition, keys=(key,))

    return draw


def presets(tab: Tab, run: Run) -> None:
    """The list of ready games, and what the chosen one promises, as long as it is that game which is played."""
    key = shown_in(tab, languages.own("preset"), tab.preset)
    st.selectbox(
        t("Preset"),
        list(PRESETS),
        index=list(PRESETS).index(tab.preset),
        key=key,
        format_func=lambda name: t(PRESETS[name].title),
        on_change=lambda: tab.note(choices.preset, keys=(key,)),
        help=t("A ready game. Choosing one begins it from step 0, paused. Type a word of its title to find it."),
    )
    preset = PRESETS[tab.preset]
    if choices.is_preset(run, preset.name):
        st.caption(maths(t(preset.watch)), help=maths(t(preset.promise)))
    elif len(run.configs) == 1:
        changed = t("**Changed**: begun with other settings than the preset's.")
        st.caption(changed, help=t("What the preset promises need not hold."))
        st.button(
            t("↻ Back to the preset"), key="reset", on_click=tab.note, args=(choices.preset, preset.name), width="stretch"
        )
    for move in preset.moves if "moves" not in tab.hidden else ():
        button(t(move.label), f"move/{move.label}", tab, choices.move, move)
    ready_games.browse(tab.preset, lambda name: tab.note(choices.preset, name))


def data(tab: Tab, config: GameConfig) -> None:
    """What stands beside the settings of the data: the canvas, or the widgets for files."""
    if isinstance(config.data, DrawnConfig):
        drawing.mount(config.data, "canvas", lambda: tab.note(choices.painting, sent("canvas", "painted")))
    elif isinstance(config.data, SamplesConfig | Samples2DConfig):
        rows, note = tab.table_note
        upload.draw("upload", lambda: tab.note(choices.table, keys=("upload",)), note if rows == config.data.rows else "")
        for words, key in tab.readings.items() if state.get("upload") else ():
            button(t("Read as {words}", words=words), f"read-as/{' '.join(key)}", tab, choices.table_read_as, key)
    elif isinstance(config.data, UploadedPicturesConfig):
        asked = choices.played_pictures(tab)
        keys = {name: f"pictures/{name}" for name in PICTURES}
        keys |= {name: languages.own(keys[name]) for name in ("offered", "side", "colour")}
        shown = {name: getattr(asked, name) for name in ("side", "colour", "count")}
        keys |= {name: shown_in(tab, keys[name], value) for name, value in shown.items()}
        chosen = partial(tab.note, choices.pictures, keys=tuple(keys.values()), slow=t("Reading the pictures…"))
        upload.draw_pictures(keys, shown, chosen, config.data.note)


# ------------------------------------------------------------------------------------------------------ several games


def button(label: str, key: str, tab: Tab, act: Callable[..., str], *args: Any) -> None:
    st.button(label, key=key, on_click=tab.note, args=(act, *args), type="secondary", width="stretch")


def branched(tab: Tab, run: Run) -> None:
    """Of a branch: what it left, and both side by side."""
    point = run.branched
    if point is None or len(run.configs) > 1:
        return
    left = t("What it left goes on as a run of its own, and is recorded.")
    st.caption(t("**A branch** from step {step}.", step=f"{point.step:,}"), help=left)
    if supervisor().recorded_as(point.run, tab.who.name) is not None:
        button(t("Back to what it left"), "parent", tab, choices.parent)
    button(t("Compare with what it left"), "beside", tab, choices.compare_with_parent)


def compared(tab: Tab, run: Run) -> None:
    """While several games are compared: which of them the controls are for, and the ways back to a single one."""
    if len(run.configs) == 1:
        return
    labels, key = run.labels, f"{tab.edition}/member"
    st.selectbox(
        t("The settings below are for"),
        [choices.ALL, *range(len(labels))],
        index=0 if tab.member is None else 1 + tab.member,
        format_func=lambda i: t("all games") if i == choices.ALL else f"{i + 1}: {labels[i]}",
        key=key,
        on_change=lambda: tab.note(choices.member, keys=(key,)),
        help=t(
            "A setting changed here acts on all games, or on the chosen one alone. A click on a game's title chooses it too."
        ),
    )
    if tab.member is not None:
        button(t("Play {game} alone", game=labels[tab.member]), "alone", tab, choices.alone, tab.member)
    button(t("End the comparison"), "end", tab, choices.end_comparison)
    st.caption(t("The game from before it comes back as it was: {game}.", game=titles.in_words(run.returns_to)))


def comparison(tab: Tab, config: GameConfig) -> None:
    """What the games are to differ in, and the button that begins them."""
    offered = {s.path: s for s in comparing.varied(config)}
    path = st.selectbox(
        t("What differs"),
        [*offered, choices.PRESETS_COMPARED],
        format_func=lambda p: controls.name(offered[p]) if p in offered else t("everything: ready games (presets)"),
        key=f"{tab.edition}/compare/path",
        help=t("Up to eight games play in lockstep on the same data and seed, and differ in this alone."),
    )
    key = f"{tab.edition}/compare/{path}"
    if path == choices.PRESETS_COMPARED:
        st.multiselect(
            t("Games"),
            list(PRESETS),
            format_func=lambda n: t(PRESETS[n].title),
            key=key,
            max_selections=MAX_MEMBERS,
            placeholder=t("Choose several"),
        )
    elif words := comparing.choices(offered[path]):
        suggested = comparing.suggested_choices(offered[path])
        st.multiselect(
            t("Values"),
            list(words),
            suggested,
            format_func=words.__getitem__,
            key=key,
            max_selections=MAX_MEMBERS,
            placeholder=t("Choose several"),
        )
    else:
        near = comparing.suggested_numbers(offered[path])
        st.text_input(t("Values, one for each game"), value=near, key=key, help=t(typed.HELP))
    st.button(
        t("↻ Compare"),
        key="compare",
        on_click=lambda: tab.note(choices.compare, path, keys=(key,), is_press=True),
        type="primary",
        width="stretch",
    )


main()
