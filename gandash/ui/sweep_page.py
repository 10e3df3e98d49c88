"""The page of sweeps: what is to be varied, what that costs, and the map that fills in.

`st.session_state` holds `tab`, as in the lab, and `sweeping`: what was done here. A button's callback does at once what it is
for and touches nothing of Streamlit (see `ui.tab`). The map is the browser's (`assets/live/sweep.js`), which asks for
what has come (`own_sweeps.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from gandash import __version__
from gandash.config import GameConfig
from gandash.config.setting import Setting, SettingError, settings, show
from gandash.presets import DEFAULT, PRESETS
from gandash.sweeps.axes import SEED, Axis
from gandash.sweeps.hosting import About, Hosted, SweepRefused, foreseen
from gandash.sweeps.ready import READY
from gandash.sweeps.sweep import Sweep
from gandash.sweeps.sweeping import arranged
from gandash.ui import controls, elsewhere, languages, own_sweeps, ways
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.service import supervisor
from gandash.ui.tab import Tab
from gandash.ui.upload import as_text
from gandash.ui.whose import Visitor, visitor_of
from gandash.ui.words import maths
from gandash.words import Said, marked, speaking, t, words_of

OWN = "own"
PLACES = (marked("Across"), marked("Upwards"), marked("Side by side"))
FIRST = ("generator_optimiser.learning_rate", "discriminator_optimiser.learning_rate", "")

_SCRIPT = """
let module;
export default function (component) {
  module ??= import(new URL('./gandash/assets/live/sweep.js?v=VERSION', document.baseURI).href);
  module.then(({ update }) => update(component), error => { module = undefined; console.error(error); });
  return () => module?.then(({ teardown }) => teardown(component.parentElement), () => {});
}
""".replace("VERSION", __version__)

_component = st.components.v2.component("gandash_sweep", js=_SCRIPT, html="<div></div>", isolate_styles=False)


@dataclass
class Sweeping:
    """What was done at this tab: the sweep that is `shown`, by its id, what is to be `said`, once, and what was `chosen` in
    lists, by their keys: in another language they are other lists to Streamlit."""

    shown: str = ""
    said: list[Said] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)

    def refused(self, words: Said | None) -> None:
        if words:
            self.said.append(words)


def main() -> None:
    state = st.session_state
    tab: Tab = state.tab
    if "sweeping" not in state:
        state.sweeping = Sweeping(st.query_params.get("sweep", ""))
    here: Sweeping = state.sweeping
    who = visitor_of(st.context.headers, st.context.cookies)
    visitor = st.context.cookies.get(VISITOR_COOKIE, "")
    run = tab.known(lambda name: supervisor().find(name, visitor), st.query_params.get("run"))
    mine = own_sweeps.own(who)
    shown = next((one for one in mine if one.id == here.shown), mine[0] if mine else None)
    with st.sidebar:
        ways.draw(ways.SWEEP, run.id if run is not None else "")
        wanted, (title, finding, colour) = choose(here)
        about = About(who.owner, title, finding, colour)
        may_begin = offer(here, wanted, about)
        earlier(here, who, mine, shown)
    with st.container(key="sweep"):
        with st.container(horizontal=True, vertical_alignment="center", key="sweep-head"):
            st.html(f"<h1>{t(ways.SWEEP.name)}</h1>")
            elsewhere.mount(run)
        for words in here.said:
            st.error(as_text(t(words)), icon=":material/error:")
        here.said.clear()
        if shown is not None:
            st.query_params["sweep"] = shown.id
            _component(key="sweep-map", data={"sweep": shown.id, "language": speaking()})
            return
        welcome()
        if may_begin and isinstance(wanted, Sweep):
            _component(key="sweep-map", data={"sweep": "", "foreseen": foreseen(wanted, about), "language": speaking()})


# --------------------------------------------------------------------------------------------------- what is to be played


def choose(here: Sweeping) -> tuple[Sweep | Said, tuple[str, str, str]]:
    """The sweep, or in words why there is none; its title, what it shows, the colour it is shown in."""
    ready_or_own = {name: t(ready.title) for name, ready in READY.items()} | {OWN: t("A sweep of your own")}
    name = listed(here, t("What is varied"), ready_or_own, next(iter(READY)), "sweep/what")
    if name in READY:
        ready = READY[name]
        st.caption(maths(t(ready.finding)))
        return ready.sweep, (ready.title, ready.finding, ready.colour)
    titles = {name: t(preset.title) for name, preset in PRESETS.items()}
    preset = listed(here, t("Game"), titles, DEFAULT.name, "sweep/preset")
    ready_game = PRESETS[preset]
    try:
        axes = [
            axis
            for i, place in enumerate(PLACES)
            if (axis := choose_axis(here, place, ready_game.config, preset, i)) is not None
        ]
        st.caption(t("Values: `LOW:HIGH:COUNT`, with `log` behind it by equal factors; or some, with commas between."))
        with st.container(horizontal=True):
            steps = st.number_input(t("Steps"), 1, 1_000_000, ready_game.steps, key=f"sweep/steps/{preset}")
            seeds = st.number_input(t("Seeds"), 1, 100, 1, key=f"sweep/seeds/{preset}")
        wanted: Sweep | Said = arranged(base=ready_game.config, axes=axes, preset=preset, seeds=seeds, steps=steps)
    except SettingError as error:
        wanted = words_of(error)
    return wanted, (ready_game.title, "", "verdict")


def listed(here: Sweeping, label: str, words: Mapping[str, str], first: str, key: str) -> str:
    """A list of choices by their names, with the words for each; what is chosen outlasts a change of the language."""
    names = list(words)
    at = here.chosen.get(key, first)
    chosen: str = st.selectbox(
        label, names, index=names.index(at if at in words else first), format_func=words.__getitem__, key=languages.own(key)
    )
    here.chosen[key] = chosen
    return chosen


def choose_axis(here: Sweeping, place: str, config: GameConfig, preset: str, number: int) -> Axis | None:
    """One axis of a sweep of one's own; None where nothing is chosen. Raises SettingError."""
    offered = {s.path: s for s in settings(config) if _may_vary(s)}
    names = ["", *offered] if number else list(offered)
    first = FIRST[number] if FIRST[number] in names else names[0]
    with st.container(key=f"sweep-axis-{number}"):
        words = {path: controls.name(offered[path]) if path else t("nothing") for path in names}
        path = listed(here, t(place), words, first, f"sweep/{preset}/{number}")
        if not path:
            return None
        text = st.text_input(
            t("{place}, values", place=t(place)),
            value=_offered(offered[path]),
            key=f"sweep/{preset}/{number}/{path}",
            label_visibility="collapsed",
        )
    return Axis.of(f"{path}={text.strip()}")


def _may_vary(setting: Setting) -> bool:
    if setting.path == SEED or setting.is_variant:
        return setting.path == "update_rule"
    return isinstance(setting.value, int | float) or bool(setting.choices)


def _offered(setting: Setting) -> str:
    """Values to begin with."""
    if setting.path == "update_rule":
        return "simultaneous,alternating,extragradient,optimistic"
    if setting.choices:
        return ",".join(list(setting.choices)[:4])
    value = float(setting.value)
    if setting.path.endswith("learning_rate"):
        return "1e-4:1e-1:8log"
    if type(setting.value) is int:
        return ",".join(str(max(1, round(value * times))) for times in (0.5, 1, 2))
    return f"{show(value / 10)}:{show(value * 10)}:5log" if value > 0 else "0,0.01,0.1,1"


def offer(here: Sweeping, wanted: Sweep | Said, about: About) -> bool:
    """What it would cost, and the button that begins it; whether it may be pressed."""
    trouble = wanted if isinstance(wanted, Said) else None
    if isinstance(wanted, Sweep):
        try:
            st.caption(f":material/schedule: {t(own_sweeps.host().cost(wanted))}")
        except (SweepRefused, SettingError) as error:
            trouble = words_of(error)
    if trouble:
        st.warning(as_text(t(trouble)), icon=":material/error:")
    st.button(
        t("Start"),  # not as the primary button, whose letters are too pale in the dark
        icon=":material/play_arrow:",
        key="sweep/start",
        width="stretch",
        disabled=bool(trouble),
        on_click=begin,
        args=(here, wanted, about),
    )
    return trouble is None


def begin(here: Sweeping, wanted: Sweep | Said, about: About) -> None:
    if isinstance(wanted, Sweep):
        here.refused(own_sweeps.refused(lambda: setattr(here, "shown", own_sweeps.host().begin(wanted, about).id)))


def delete(here: Sweeping, who: Visitor, name: str) -> None:
    here.refused(own_sweeps.refused(lambda: own_sweeps.host().delete(own_sweeps.of(who, name))))


# ------------------------------------------------------------------------------------------------------------ the others


def earlier(here: Sweeping, who: Visitor, mine: Sequence[Hosted], shown: Hosted | None) -> None:
    """The sweeps that there are."""
    if not mine:
        return
    with st.expander(t("Your sweeps :gray[{count}]", count=len(mine)), key="group-sweeps"):
        for one in mine:
            with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"sweep-show-{one.id}"):
                st.button(
                    t(
                        "{title} :gray[{count} of {all}]",
                        title=as_text(t(one.about.title)),
                        count=f"{one.count:,}",
                        all=f"{one.sweep.count:,}",
                    ),
                    key=f"sweep/show/{one.id}",
                    type="secondary" if one is shown else "tertiary",
                    on_click=setattr,
                    args=(here, "shown", one.id),
                )
                st.button(
                    "",
                    icon=":material/delete_forever:",
                    key=f"sweep/delete/{one.id}",
                    on_click=delete,
                    args=(here, who, one.id),
                    help=t("Delete for good"),
                )


def welcome() -> None:
    """What stands above the first map, which waits to be filled."""
    with st.container(key="sweep-welcome"):
        st.markdown("## " + t("Where does it converge, circle, collapse?"))
        st.markdown(
            t(
                "A sweep plays a small game at every point of a space of settings, and colours a map by what came of each. "
                "Choose one at the left and press **Start**. A click on a cell opens that very game in the lab."
            )
        )


main()
