"""A branch beside what it left."""

from __future__ import annotations

from gandash.config import GameConfig
from gandash.config.changes import LiveChange, differences, distinctions, live_differences_of_all, restarts
from gandash.server.admission import Refusal
from gandash.words import say


def beside_parent(parent: GameConfig, branch: GameConfig) -> tuple[list[str], list[LiveChange]]:
    """The names of both, where they go on from one state side by side, and what is changed there. Raises Refusal."""
    if not differences(parent, branch):
        raise Refusal(say("the branch differs in nothing from its parent yet; change a setting first"))
    if restarts(parent, branch):
        which = ", ".join(path for path, each in differences(parent, branch).items() if any(s and not s.live for s in each))
        raise Refusal(
            say(
                "branch and parent differ in {which}, which acts from step 0 on alone; use Compare, which begins there",
                which=which,
            )
        )
    names = distinctions([parent, branch])
    labels = [f"{name}: {told}" for name, told in zip(("parent", "branch"), names, strict=True)]
    return labels, live_differences_of_all([parent, parent], [parent, branch])
