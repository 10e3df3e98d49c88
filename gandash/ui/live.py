"""Mounts the live view: a component that opens its own socket and draws, without a rerun per frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from gandash import __version__
from gandash.config.setting import SettingError
from gandash.server.run import Run
from gandash.store.format import ID, LARGEST_STEP
from gandash.ui.sharing import lan_address
from gandash.wire.browser import Role
from gandash.words import say, speaking, t, titles

# The component is only a door: the view itself is ordinary ES modules from the app's own routes.
_BOOTSTRAP = """
const base = new URL('./gandash/assets/live/', document.baseURI);
let view;
function complain(parent, error, data) {
  view = undefined; // the next mount may have more luck
  console.error(error);
  const words = document.createElement('section');
  words.className = 'gd-live';
  words.setAttribute('role', 'alert');
  words.innerHTML = '<p></p>';
  words.firstChild.textContent = data.complaint.replace('{address}', `${base.href}live.js`);
  parent.replaceChildren(words);
}
export default function (component) {
  const { parentElement, data } = component;
  view ??= import(new URL('live.js?v=VERSION', base).href);
  view.then((module) => module.update(component, base), (error) => complain(parentElement, error, data));
  return () => view?.then((module) => module.teardown(parentElement), () => {});
}
""".replace("VERSION", __version__)

_component = st.components.v2.component("gandash_live", js=_BOOTSTRAP, html="<div></div>", isolate_styles=False)


def mount(
    run: Run,
    role: Role,
    key: str,
    on_generation: Callable[[], None],
    on_start: Callable[[], None],
    on_member: Callable[[], None],
    on_branch: Callable[[], None],
    on_lesson: Callable[[], None],
    more: Mapping[str, Any],
) -> Any:
    """The live view of `run`. `on_generation` runs when the browser has seen a new game begin (a restart by key, say).

    `on_start` runs when a person has chosen where a scalar game is to begin, `on_member` when one of several compared games
    was, `on_branch` where another run is to branch off, `on_lesson` where what a lesson's step waits for was seen: `start`,
    `member`, `branch` and `lesson`, in the state under `key`, are what the browser sent. `more`: see `learning.for_browser`.
    """
    return _component(
        key=key,
        data={
            "token": run.tokens[role],
            "socket": "gandash/live",
            "title": titles.in_words(run.title),
            "preset": run.origin,
            "lan": lan_address(),
            "language": speaking(),
            "complaint": complaint(),
            **more,
        },
        on_generation_change=on_generation,
        on_start_change=on_start,
        on_member_change=on_member,
        on_branch_change=on_branch,
        on_lesson_change=on_lesson,
    )


def mount_record(record: str, title: str, key: str, on_branch: Callable[[], None]) -> Any:
    """The live view of a run that nobody plays, from its folder, with the slider at its end; `record` is the run's id.

    What it shows is asked for by the browser, whose cookie must name the run's owner. `on_branch` as in `mount`: what was sent
    goes to `choices.branch`.
    """
    data = {"token": "", "socket": "gandash/live", "title": title, "record": record}
    words = {"language": speaking(), "complaint": complaint()}
    return _component(key=key, data=data | words, on_branch_change=on_branch)


def complaint() -> str:
    """What is said in the view's place where its modules, which have all other words, do not come."""
    return t(
        "The live view cannot start: its files, {address} and others, could not be loaded. Reload the page to try again. "
        "Behind a proxy, see that it passes on everything below this page’s address."
    )


def read_branch(sent: Any) -> tuple[str, int]:
    """The id of a recorded run, and a step of it, that a browser sent; raises SettingError if it is none."""
    match sent:
        case {"record": str(record), "step": int(step)} if ID.fullmatch(record) and 0 <= step <= LARGEST_STEP:
            return record, step
    raise SettingError("branch", str(sent), say("a branch begins at a step of a recorded run"))


def read_start(sent: Any) -> tuple[float, float]:
    """The point (theta, psi) that a browser sent; raises SettingError, in words, if it is none."""
    if not (isinstance(sent, list) and [type(number) in (int, float) for number in sent] == [True, True]):
        raise SettingError("generator.start", str(sent), say("the phase plane sends two numbers, θ and ψ"))
    theta, psi = sent
    return theta, psi
