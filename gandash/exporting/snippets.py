"""Python and JSON that play a recorded run again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pprint import pformat
from typing import Any

from gandash.config import GameConfig
from gandash.config.changes import differences
from gandash.presets import DEFAULT, PRESETS
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.wire.messages import Change
from gandash.words import say

MOST_TEXT = 20_000  # characters of settings; larger ones, uploaded data among them, belong into a file
WIDTH = 110
FOLLOWERS = ("latent.dimension", "generator.", "discriminator.")


def settings_of(run: StoredRun) -> dict[str, Any]:
    """What a run began with, what was changed when, by which engine it was played and how far: `train --config` reads it."""
    changes = [[c.model_dump(mode="json") for c in of] for of in run.changes]
    about: dict[str, Any] = {"steps": run.steps, "versions": run.manifest.versions}
    about |= {"given": run.manifest.given} if run.manifest.given else {}
    if len(run.configs) > 1:
        return {"configs": run.manifest.configs, "changes": changes, "engines": run.manifest.engines} | about
    return {"config": run.configs[0].model_dump(mode="json"), "changes": changes[0], "engine": run.manifest.engines[0]} | about


def as_json(run: StoredRun) -> bytes:
    return json.dumps(settings_of(run), indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def as_python(run: StoredRun) -> bytes:
    """A script that comes to the same states, on the same machine with the same versions. Raises BrokenRun.

    Large settings, uploaded data among them, it reads from `config.json` in its folder: that is another export.
    """
    if len(run.configs) > 1:
        raise BrokenRun(
            say(
                "{file} compares {count} games; a script plays one: export each alone",
                file=run.manifest.id,
                count=len(run.configs),
            )
        )
    if given := " and ".join(run.manifest.given):
        raise BrokenRun(
            say(
                "{file} was played with {what} of its own, given from Python; a script cannot bring that along",
                file=run.manifest.id,
                what=given,
            )
        )
    if not run.steps:
        raise BrokenRun(say("{file} has not played a round; there is nothing to play again", file=run.manifest.id))
    (config,), (known,) = run.configs, run.changes
    shaping = [c for c in known if c.step < run.steps]
    beginning, settings = _begun(run.manifest.preset, config)
    head, said = ["import gandash"], f'"{beginning}"'
    if len(repr(settings)) > MOST_TEXT:
        head = ["import json", "from pathlib import Path", "", "import gandash"]
        said, settings = 'json.loads(Path("config.json").read_text(encoding="utf-8"))["config"]', {}
    arguments = [said, f"steps={run.steps}", f'engine="{run.manifest.engines[0]}"']
    if at := _at([c for c in shaping if c.kind == "set"]):
        arguments.append(f"at={_written(at)}")
    if alone := {c.step: c.players for c in shaping if c.players != "both"}:
        arguments.append(f"alone={_written(alone)}")
    if settings:
        arguments.append(f"**{_written(settings)}")
    about = f"# {run.manifest.title or run.manifest.id}, as gandash {run.manifest.versions.get('gandash', '')} played it"
    lines = [about, *head, "", "run = gandash.train(", *(f"    {argument}," for argument in arguments), ")"]
    last = run.states.get(run.steps)
    if last is not None and last.changes == (len(shaping),):
        lines.append(f"print(run.state)  # {last.state}")
    return "\n".join([*lines, ""]).encode()


def _begun(preset: str, config: GameConfig) -> tuple[str, dict[str, Any]]:
    """The ready game that it was begun as, and the settings that differ, by path."""
    ready = PRESETS.get(preset, DEFAULT)
    found: dict[str, Any] = {}
    for path, (_, own) in differences(ready.config, config).items():
        if own is not None and not any(path.startswith(f"{whole}.") for whole in found):
            found[path] = own.value.model_dump(mode="json") if own.is_variant else own.value
    if "data" in found:  # else the latent and the players would follow the data
        found = {p: v for p, v in found.items() if not p.startswith(FOLLOWERS)}
        found["latent.dimension"] = config.latent.dimension
        found |= {name: getattr(config, name).model_dump(mode="json") for name in ("generator", "discriminator")}
    return ready.name, found


def _at(changes: Sequence[Change]) -> dict[int, dict[str, Any]] | list[tuple[int, str, Any]]:
    """Live settings by step; in their order, where one of them was set twice at the same."""
    at: dict[int, dict[str, Any]] = {}
    for change in changes:
        at.setdefault(change.step, {})[change.path] = change.new
    if sum(map(len, at.values())) < len(changes):
        return [(c.step, c.path, c.new) for c in changes]
    return at


def _written(value: Any) -> str:
    return pformat(value, width=WIDTH, sort_dicts=False, compact=True).replace("\n", "\n    ")
