"""A recorded run, in the live view as it was: nobody plays it, nothing of it can be changed here; another may branch off it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from gandash.config.changes import differences
from gandash.config.game import LOOP
from gandash.config.setting import show
from gandash.presets import PRESETS
from gandash.store.format import BrokenRun, Manifest
from gandash.store.reading import StoredRun
from gandash.ui import choices, controls, elsewhere, live, own_runs, runs_table, ways
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.own_runs import RunRefused
from gandash.ui.service import supervisor
from gandash.ui.tab import Tab
from gandash.ui.taking import address
from gandash.ui.upload import as_text
from gandash.ui.whose import Visitor, visitor_of
from gandash.words import t, titles, tn


def main() -> None:
    tab: Tab = st.session_state.tab
    if tab.noted:
        st.switch_page(ways.LAB.script)  # "Branch here": what comes of it is to be seen there
    who = visitor_of(st.context.headers, st.context.cookies)
    run = tab.known(
        lambda name: supervisor().find(name, st.context.cookies.get(VISITOR_COOKIE, "")), st.query_params.get("run")
    )
    try:
        stored = StoredRun(own_runs.folder_of(who, st.query_params.get("record", "")))
        name = title_of(stored.manifest)
        live.mount_record(stored.directory.name, name, "record", on_branch=lambda: tab.note(choices.branch, sent()))
    except (BrokenRun, RunRefused) as error:
        stored = None
        st.error(as_text(t(own_runs.in_words(error))), icon=":material/error:")
    with st.sidebar:
        ways.draw(None, run.id if run is not None else "")
        elsewhere.mount(run)
        if stored is not None:
            about(who, stored)


def sent() -> Any:
    """Where another run is to branch off; read from a copy of the state, for reading itself could end the callback."""
    return (st.session_state.to_dict().get("record") or {}).get("branch")


def about(who: Visitor, run: StoredRun) -> None:
    """What is known of it, beside its pictures."""
    manifest = run.manifest
    st.markdown(f"**{as_text(title_of(manifest))}**")
    verdicts = [t(verdict.title) if verdict else "" for verdict in run.verdicts]
    said = [
        tn("{shown} step", "{shown} steps", run.steps, shown=f"{run.steps:,}"),
        *(as_text(word[:60]) for word in dict.fromkeys(verdicts) if word),
    ]
    preset = as_text(runs_table.preset_title(manifest.preset))
    st.caption(" · ".join([*said, *([preset] if preset else [])]))
    if manifest.parent is not None:
        parent, step = _title(who, manifest.parent.run), f"{manifest.parent.step:,}"
        st.caption(as_text(t("Branched off {name} at step {step}.", name=parent, step=step)))
    st.html(f'<a class="gd-link" href="{address(run.directory.name)}" download>{t("Download")}</a>')
    if manifest.given:
        with st.expander(t("From Python :gray[given, not built from settings]"), key="group-given"):
            for name, words in manifest.given.items():
                st.markdown(f"{name}: **{as_text(words[:300])}**")
    if LOOP in manifest.given:  # what stands in its settings is not what was played
        return
    with st.expander(t("Settings :gray[unlike the preset’s]"), key="group-settings"):
        settings(run)
    with st.expander(t("Changes :gray[{count}]", count=f"{sum(map(len, run.changes)):,}"), key="group-changes"):
        changes(run)


def title_of(manifest: Manifest) -> str:
    return titles.in_words(manifest.title, manifest.named) or manifest.id


def _title(who: Visitor, run: str) -> str:
    try:
        return title_of(StoredRun(own_runs.folder_of(who, run)).manifest)
    except (BrokenRun, RunRefused):
        return run


def settings(run: StoredRun) -> None:
    """What its games began with, as far as it is not what the ready game begins with, or as they differ among each other."""
    ready = PRESETS.get(run.manifest.preset)
    configs = (ready.config, *run.configs) if ready is not None else run.configs
    found = differences(*configs) if len(configs) > 1 else {}
    for path, each in found.items():
        own = each[1:] if ready is not None else each
        setting = next(s for s in each if s is not None)
        values = ", ".join(t("none") if s is None else controls.value_in_words(s) for s in own)
        st.markdown(f"{as_text(controls.name(setting))}: **{as_text(values[:200])}**", help=path)
    if not found:
        st.caption(t("They are the preset’s.") if ready is not None else t("Seed {seed}.", seed=run.seeds[0]))


def changes(run: StoredRun) -> None:
    """What was changed while it played."""
    several = len(run.changes) > 1
    told = [(c.step, i, c.label or c.path, c) for i, of in enumerate(run.changes) for c in of if c.kind == "set"]
    for step, member, label, change in sorted(told, key=lambda one: one[:3])[:200]:
        where = (
            t("step {step}, game {number}", step=f"{step:,}", number=member + 1)
            if several
            else t("step {step}", step=f"{step:,}")
        )
        values = " → ".join(
            show(value) if isinstance(value, int | float) else str(value)[:60] for value in (change.old, change.new)
        )
        st.markdown(f"{where}: {as_text(t(label))} **{as_text(values)}**")
    by_hand = sum(c.kind == "step" for of in run.changes for c in of)
    if by_hand:
        st.caption(t("{count} rounds of one player alone.", count=f"{by_hand:,}"))
    elif not told:
        st.caption(t("Nothing was changed while it played."))


main()
