"""The page of recorded runs: a table of them, what can be done with those that are chosen, and their curves over each other.

`st.session_state` holds `tab`, as in the lab, and `desk`: what was done here. What is done is done at once by a button's
callback, which touches nothing of Streamlit (see `ui.tab`) but leaves word at the desk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

from gandash.server.run import Run
from gandash.store.format import BrokenRun
from gandash.store.importing import LARGEST_RUN, Brought
from gandash.store.index import Entry
from gandash.store.places import is_wanted, runs_home
from gandash.store.reading import StoredRun
from gandash.store.removing import KEPT_SECONDS, Removed
from gandash.store.retention import limit
from gandash.store.writing import is_being_recorded
from gandash.ui import elsewhere, languages, own_runs, runs_chart, runs_table, ways
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.own_runs import RunRefused
from gandash.ui.service import supervisor
from gandash.ui.tab import Tab
from gandash.ui.taking import address
from gandash.ui.upload import as_text
from gandash.ui.whose import Visitor, visitor_of
from gandash.words import finished, listed, say, t, words_of

ROW_PX, ROWS = 35, 9  # so many are shown at once
OFFERED_SECONDS = 600.0  # so long "Undo" stands over the table; then in the sidebar alone
MEGABYTES = LARGEST_RUN // 10**6


@dataclass
class Desk:
    """What was done at this tab's page of runs: `said` are (icon, words) to be said of it, `gone` is what was removed last."""

    said: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[Removed, str]] = field(default_factory=list)
    chosen: tuple[str, ...] = ()
    renaming: str = ""
    imports: int = 0  # of the widget that takes files: a new one has let go of them
    edition: int = 0  # of the table: a new one shows what is chosen here

    def refused(self, error: RunRefused) -> None:
        self.said.append((":material/error:", words_of(error)))


def main() -> None:
    state = st.session_state
    tab: Tab = state.tab
    if "desk" not in state:
        state.desk = Desk()
    desk: Desk = state.desk
    who = visitor_of(st.context.headers, st.context.cookies)
    visitor = st.context.cookies.get(VISITOR_COOKIE, "")
    run = tab.known(lambda name: supervisor().find(name, visitor), st.query_params.get("run"))
    try:
        entries, trouble = own_runs.listed(who), ""
    except RunRefused as error:
        entries, trouble = [], t(words_of(error))
    gone = own_runs.removed(who)
    with st.sidebar:
        ways.draw(ways.RUNS, run.id if run is not None else "")
        bring(desk, who)
        kept(entries, who)
        again(desk, who, gone)
    with st.container(key="runs"):
        head(entries, run)
        if trouble:
            st.error(as_text(trouble), icon=":material/error:")
        words(desk, who)
        if not entries:
            empty(bool(gone))
        else:
            shelf(desk, who, entries, run)


def head(entries: Sequence[Entry], run: Run | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs-head"):
        st.html(f"<h1>{t('Runs')} <span>{len(entries):,}</span></h1>")
        elsewhere.mount(run)


def words(desk: Desk, who: Visitor) -> None:
    """What has just been done, and the way back."""
    desk.gone = [(each, name) for each, name in desk.gone if time.time() - each.when < OFFERED_SECONDS]
    if desk.gone:
        names = as_text(t(listed(*(finished(name) for _, name in desk.gone[:3]))))
        names = t("{names} and others", names=names) if len(desk.gone) > 3 else names
        with st.container(horizontal=True, vertical_alignment="center", key="runs-gone"):
            st.markdown(":material/delete: " + t("Removed: **{names}**", names=names))
            st.button(t("Undo"), key="undo", type="primary", on_click=undo, args=(desk, who, tuple(desk.gone)))
    for icon, said in desk.said:
        st.info(as_text(t(finished(said))), icon=icon)
    desk.said.clear()


# ----------------------------------------------------------------------------------------------------------- the table


def shelf(desk: Desk, who: Visitor, entries: Sequence[Entry], run: Run | None) -> None:
    wanted = st.text_input(
        t("Find"),
        placeholder=t("Find by word: a name, a preset, a verdict, …"),
        key="runs/find",
        label_visibility="collapsed",
    )
    shown = runs_table.found(entries, wanted)
    by_id = {entry.id: entry for entry in shown}
    desk.chosen = tuple(run for run in desk.chosen if run in by_id)
    actions = st.container(horizontal=True, key="runs-actions")
    if not shown:
        st.caption(t("No run has all of these words. Fewer of them find more."))
        return
    live = {entry.id for entry in shown if is_being_recorded(runs_home() / entry.id)}
    titles = {entry.id: runs_table.name_of(entry) for entry in entries}
    key = f"runs/table/{desk.edition}/{hash(tuple(by_id))}"
    order = list(by_id)
    chosen = st.dataframe(
        runs_table.rows(shown, titles, live),
        column_config=runs_table.columns(),
        hide_index=True,
        height=ROW_PX * (min(len(shown), ROWS) + 1) + 2,
        row_height=ROW_PX,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [order.index(run) for run in desk.chosen]}},
        placeholder="–",
    )
    desk.chosen = tuple(order[row] for row in chosen["selection"]["rows"] if row < len(order))
    picked = [by_id[run] for run in desk.chosen]
    with actions:
        act(desk, who, picked, run)
    if desk.renaming in by_id:
        name_it(desk, who, by_id[desk.renaming])
    compare(desk, who, [entry for entry in picked if not entry.problem])


def act(desk: Desk, who: Visitor, picked: Sequence[Entry], run: Run | None) -> None:
    """The buttons over the table, for the runs that are chosen in it."""
    one = picked[0] if len(picked) == 1 and not picked[0].problem else None
    named = tuple(
        (entry, runs_table.name_of(entry)) for entry in picked
    )  # here: where a press is heard nobody's language is spoken
    copied = t("Copy of {name}", name=named[0][1]) if one is not None else ""
    if one is not None:
        there = {"record": one.id} | ({"run": run.id} if run is not None else {})
        st.page_link(ways.RECORD.script, label=t("Open"), icon=":material/open_in_full:", query_params=there)
    else:  # a link that leads nowhere still says that it is one
        button("Open", t("Open"), ":material/open_in_full:", lambda: None, False)
    button("Rename", t("Rename"), ":material/edit:", partial(begin_to_name, desk, one), one is not None)
    button(
        "Duplicate",
        t("Duplicate"),
        ":material/content_copy:",
        partial(duplicate, desk, who, named[:1], copied),
        one is not None,
    )
    if one is not None:
        st.html(f'<a class="gd-link" href="{address(one.id)}" download>{t("Download")}</a>')
    else:
        button("Download", t("Download"), ":material/download:", lambda: None, False)
    button("Delete", t("Delete"), ":material/delete:", partial(remove, desk, who, named), bool(picked))
    if not picked:
        st.caption(t("Choose a run in the table; several to see their curves over each other."))


def button(name: str, label: str, icon: str, act: Callable[[], None], is_possible: bool) -> None:
    st.button(label, icon=icon, key=f"runs/{name}", on_click=act, disabled=not is_possible)


def begin_to_name(desk: Desk, entry: Entry | None) -> None:
    desk.renaming = entry.id if entry else ""


def name_it(desk: Desk, who: Visitor, entry: Entry) -> None:
    """A dialog for it."""
    st.dialog(t("Rename"), icon=":material/edit:")(_name_it)(desk, who, entry)


def _name_it(desk: Desk, who: Visitor, entry: Entry) -> None:
    desk.renaming = ""
    with st.form("runs/rename", border=False):
        title = st.text_input(
            t("Name"), value=runs_table.name_of(entry), max_chars=own_runs.TITLE_LENGTH, key=f"runs/title/{entry.id}"
        )
        done = st.form_submit_button(t("Rename"), t("Rename"), type="primary")
    if done:
        try:
            own_runs.rename(who, entry.id, title)
        except RunRefused as error:
            st.error(as_text(t(words_of(error))), icon=":material/error:")
        else:
            st.rerun()


def duplicate(desk: Desk, who: Visitor, named: Sequence[tuple[Entry, str]], title: str) -> None:
    for entry, name in named:
        try:
            desk.chosen = (own_runs.duplicate(who, entry.id, title),)
        except RunRefused as error:
            desk.refused(error)
        else:
            desk.said.append((":material/content_copy:", say("Copied: {name}", name=name)))


def remove(desk: Desk, who: Visitor, named: Sequence[tuple[Entry, str]]) -> None:
    desk.gone = []
    for entry, name in named:
        try:
            desk.gone.append((own_runs.remove(who, entry.id), name))
        except RunRefused as error:
            desk.refused(RunRefused(say("{name}: {problem}", name=name, problem=words_of(error))))


def undo(desk: Desk, who: Visitor, removed: Sequence[tuple[Removed, str]]) -> None:
    desk.gone = []
    for each, _ in removed:
        try:
            own_runs.undo(who, each)
        except RunRefused as error:
            desk.refused(error)


# --------------------------------------------------------------------------------------------------------- the curves


def compare(desk: Desk, who: Visitor, picked: Sequence[Entry]) -> None:
    """One curve of the chosen runs over each other."""
    runs: list[tuple[Entry, StoredRun]] = []
    for entry in picked[: runs_chart.MOST]:
        try:
            runs.append((entry, StoredRun(own_runs.folder_of(who, entry.id))))
        except (BrokenRun, RunRefused) as error:
            desk.said.append((":material/error:", own_runs.in_words(error)))
    if not runs:
        return
    curves = runs_chart.offered([run for _, run in runs])
    curve = st.selectbox(t("Curve"), list(curves), format_func=lambda name: curves[name], key=languages.own("runs/curve"))
    drawn: list[runs_chart.Line] = []
    names = [runs_table.name_of(entry) for entry, _ in runs]
    for (entry, run), name in zip(runs, names, strict=True):
        try:
            told_apart = name if names.count(name) == 1 else f"{name}, {runs_table.moment(entry, st.context.timezone)}"
            drawn += runs_chart.lines(run, told_apart, curve)
        except BrokenRun as error:
            st.caption(as_text(f"{name}: {t(own_runs.in_words(error))}"))
    left_out = len(drawn) - runs_chart.MOST
    figure = runs_chart.figure(drawn[: runs_chart.MOST], curve, st.context.theme.type == "dark")
    if not any(len(line.mean) for line in drawn):
        st.caption(t("None of the chosen runs has measured this."))
        return
    st.plotly_chart(figure, theme=None, key="runs/chart", config={"displaylogo": False, "displayModeBar": False})
    st.caption(as_text(runs_chart.told(drawn[: runs_chart.MOST])))
    if left_out > 0 or len(picked) > len(runs):
        st.caption(t("At most {most} lines are drawn; choose fewer runs to see the others.", most=runs_chart.MOST))


# -------------------------------------------------------------------------------------------------------- the sidebar


def bring(desk: Desk, who: Visitor) -> None:
    """The widgets that take a run from elsewhere."""
    with st.expander(t("Import :gray[a run from elsewhere]"), key="group-import"):
        zipped = st.file_uploader(t("A zip"), type=["zip"], max_upload_size=MEGABYTES, key=f"runs/zip/{desk.imports}")
        folder = st.file_uploader(
            t("Or a folder"),
            accept_multiple_files="directory",
            max_upload_size=MEGABYTES,
            key=f"runs/folder/{desk.imports}",
        )
        st.caption(
            t("As *Download* makes it, or a run’s own folder; at most {most} MB. It is looked through first.", most=MEGABYTES)
        )
    given = [zipped] if zipped is not None else list(folder or ())
    if not given:
        return
    with st.spinner(t("Looking through it…")):
        try:
            desk.chosen = (own_runs.bring(who, [Brought(file.name, file.size, partial(_rewound, file)) for file in given]),)
            desk.said.append((":material/check_circle:", say("The run is among yours now.")))
        except RunRefused as error:
            desk.refused(error)
    desk.imports += 1
    st.rerun()


def _rewound(file: Any) -> Any:
    file.seek(0)
    return file


def kept(entries: Sequence[Entry], who: Visitor) -> None:
    """How much room there is."""
    own = sum(entry.size for entry in entries)
    st.caption(t("{size} of {most} that all runs here may take.", size=_gigabytes(own), most=_gigabytes(int(limit()))))
    if not who.is_at_home and not who.name:
        st.caption(t("This browser keeps no cookies, by which its runs would be known."))


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB" if size >= 1e8 else f"{size / 1e6:.3g} MB"


def again(desk: Desk, who: Visitor, gone: Sequence[tuple[Removed, str]]) -> None:
    """What was removed in the last hours."""
    if not gone:
        return
    with st.expander(t("Removed :gray[{count}]", count=len(gone)), key="group-removed"):
        hours = f"{KEPT_SECONDS / 3600:.0f}"
        st.caption(t("Each can be had again for {hours} hours, as long as there is room.", hours=hours))
        for each, name in gone[:50]:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(as_text(name[:60]))
                st.button(t("Undo"), key=f"runs/undo/{each.folder.name}", on_click=undo, args=(desk, who, [(each, name)]))
                st.button(
                    "",
                    icon=":material/delete_forever:",
                    key=f"runs/forget/{each.folder.name}",
                    on_click=forget,
                    args=(desk, who, each),
                    help=t("Delete for good"),
                )


def forget(desk: Desk, who: Visitor, each: Removed) -> None:
    desk.gone = [one for one in desk.gone if one[0] != each]
    try:
        own_runs.forget(who, each)
    except RunRefused as error:
        desk.refused(error)


def empty(has_removed: bool) -> None:
    """What stands in the table's place before there is anything."""
    with st.container(key="runs-empty", horizontal_alignment="center"):
        st.markdown("## " + (t("Nothing is recorded yet") if is_wanted() else t("Recording is switched off")))
        if is_wanted():
            st.markdown(
                t(
                    "Every run of the lab is kept here from its first round on: its settings, its curves, its pictures and the "
                    "states from which it can go on. Press **Space** in the lab, and come back."
                )
            )
        else:
            st.markdown(
                t("This server was started with `GANDASH_RECORD=0`. Start it without, and what is played is kept here.")
            )
        st.page_link(ways.LAB.script, label=t("To the lab"), icon=":material/play_arrow:")
        st.markdown(t(":gray[A run that somebody gave you, as a zip or a folder, can be imported at the left.]"))
        if has_removed:
            st.markdown(t(":gray[What was removed can be had again at the left.]"))


main()
