"""Games as a keyframe keeps them, and as they are found again at any step of a recorded run.

A keyframe is the state of every trajectory, `0/theta`, and what its observer has in mind, `0/seen.readings`, the game's number
in front. Configs and changes stand in the run's manifest and log; the label says how many of the changes belong to it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from numpy.typing import NDArray

from gandash.config.game import LOOP
from gandash.config.setting import SettingError
from gandash.game.given import NOTHING, Given
from gandash.game.round import Players
from gandash.store.format import BrokenRun, Named, StoppedEvent
from gandash.store.keyframes import state_hash
from gandash.store.reading import Known, StoredRun, config_after
from gandash.wire.messages import Change
from gandash.words import say, words_of
from gandash.worker.games import Games
from gandash.worker.observer import Rows
from gandash.worker.trajectory import MOST_AT_ONCE, PLAYERS, Trajectory

SEEN = "seen."

Arrays = dict[str, NDArray[Any]]


def state_of(games: Games) -> Arrays:
    """What the games follow from, of their own memory."""
    return states_of(games.trajectories)


def states_of(trajectories: Sequence[Trajectory]) -> Arrays:
    """The same of games by themselves."""
    found: Arrays = {}
    for i, trajectory in enumerate(trajectories):
        tensors = trajectory.state.tensors | {"randomness": trajectory.streams.state()}
        found |= {f"{i}/{name}": tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}
    return found


def seen_of(games: Games) -> Arrays:
    """What is shown of them from here on and does not follow from their states; they are measured for it."""
    return {f"{i}/{SEEN}{n}": array for i, observer in enumerate(games.observers) for n, array in observer.memory().items()}


def label_of(games: Games) -> dict[str, Any]:
    return {"steps": [t.step for t in games.trajectories], "changes": [len(t.changes) for t in games.trajectories]}


def at_the_beginning(run: StoredRun, given: Given = NOTHING) -> Games:
    """The games of a recorded run at step 0. `given`: the players and the objective that it was given from Python, if any.
    Raises BrokenRun where these are not there.
    """
    _check(run, given)
    return Games.at_the_beginning(run.configs, run.manifest.engines, given)


def _check(run: StoredRun, given: Given) -> None:
    if LOOP in run.manifest.given:
        raise BrokenRun(
            say(
                "{file} is the record of a training loop of somebody's own; its curves and pictures are what there is of it, "
                "and only that loop could play it on",
                file=f"{run.directory}",
            )
        )
    if (wanted := run.manifest.given.keys()) != given.words.keys():
        told = "; give the same to `gandash.open`" if wanted else ""
        what = " and ".join(wanted) or "no player and no objective"
        raise BrokenRun(f"{run.directory} was played with {what} of its own, given from Python{told}")


def read(run: StoredRun, name: Named, given: Given = NOTHING) -> Games:
    """The games of a keyframe, with all that is shown of them. `given` as above. Raises BrokenRun."""
    _check(run, given)
    label, arrays = run.keyframe(name)
    try:
        trajectories = [_trajectory(run, i, label, _own(arrays, i), given) for i in range(len(run.configs))]
        if max(t.step for t in trajectories) != name.first:
            raise ValueError("it is of another step than its name says")
        games = Games(trajectories)
        for i, observer in enumerate(games.observers):
            observer.restore({n.removeprefix(SEEN): array for n, array in _own(arrays, i).items() if n.startswith(SEEN)})
    except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BrokenRun(
            say(
                "the keyframe of step {step} in {file} does not fit this run: {problem}",
                step=f"{name.first:,}",
                file=f"{run.directory}",
                problem=said,
            )
        ) from None
    return games


def _own(arrays: Mapping[str, NDArray[Any]], i: int) -> Arrays:
    return {name.removeprefix(f"{i}/"): array for name, array in arrays.items() if name.startswith(f"{i}/")}


def _trajectory(run: StoredRun, i: int, label: dict[str, Any], arrays: Arrays, given: Given) -> Trajectory:
    step, count = int(label["steps"][i]), int(label["changes"][i])
    changes = tuple(run.changes[i][:count])
    if len(changes) < count or step < 0:
        raise ValueError("the log has fewer changes than it")
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items() if not name.startswith(SEEN)}
    config = config_after(run.configs[i], changes)
    return Trajectory.resumed(run.configs[i], config, changes, run.manifest.engines[i], step, tensors, given)


# -------------------------------------------------------------------------------------------------------- played again


def games_at(run: StoredRun, step: int | None = None, given: Given = NOTHING) -> Games:
    """The recorded games as they were at a step, by default the last one that is known, with all that was shown of them: from
    the nearest keyframe, and then played as the log says, bit for bit on the same machine. Raises BrokenRun.
    """
    step = run.steps if step is None else step
    games = before(run, step, given)
    play_on(games, run, step)
    return games


def before(run: StoredRun, step: int, given: Given = NOTHING) -> Games:
    """The recorded games as they were at the nearest step before that one, or at it, from which they can be had; step 0 where
    there is no keyframe. Raises BrokenRun."""
    for name in run.keyframes_before(step):
        try:
            return read(run, name, given)
        except BrokenRun:
            if name.first == 0:
                raise
    return at_the_beginning(run, given)


class Log(Protocol):
    """What shaped a run (see `StoredRun`); `directory` names it where it does not fit."""

    @property
    def directory(self) -> Path: ...
    @property
    def changes(self) -> Sequence[Sequence[Change]]: ...
    @property
    def states(self) -> Mapping[int, Known]: ...
    @property
    def stopped(self) -> Sequence[StoppedEvent]: ...


def copies(games: Games, count: int) -> Games:
    """One game so many times, each with all that is shown of it."""
    (trajectory,), (observer,) = games.trajectories, games.observers
    memory = observer.memory()
    tensors = trajectory.state.tensors | {"randomness": trajectory.streams.state()}
    same = trajectory.initial_config, trajectory.config, trajectory.changes, trajectory.engine, trajectory.step
    found = Games([Trajectory.resumed(*same, {n: t.detach().cpu().clone() for n, t in tensors.items()}) for _ in range(count)])
    for one in found.observers:
        one.restore(memory)
    return found


def play_on(
    games: Games,
    run: Log,
    step: int,
    compare: Callable[[int, bool], None] = lambda step, agrees: None,
    keep: Callable[[list[Rows]], None] = lambda rows: None,
) -> None:
    """Play the games on to `step` as the run's log says, settings changed at `step` included.

    `compare` is told, at each step at which the log knows the state's hash, whether this state has the same; `keep` gets the
    rows. Raises BrokenRun.
    """
    coming = [deque(of[len(t.changes) :]) for of, t in zip(run.changes, games.trajectories, strict=True)]
    states = {at: known for at, known in run.states.items() if at >= games.step}
    stops = deque(sorted((s for s in run.stopped if s.step >= games.step), key=lambda s: s.step))
    snapshots = {}
    while True:
        now = games.step
        _compare(games, states, compare)
        players = Players.BOTH
        for i, trajectory in enumerate(games.trajectories):
            while coming[i] and coming[i][0].step <= trajectory.step:
                change = coming[i][0]
                if change.kind == "step":
                    if i in games.playing:
                        coming[i].popleft()
                        players = PLAYERS[change.players]
                    break
                coming[i].popleft()
                _repeat(games, run, i, change)
                _compare(games, states, compare)
        for stop in stops:
            if stop.at == now:
                snapshots[now] = games.snapshot()
        while stops and stops[0].step == now and stops[0].member in games.playing:
            stop = stops.popleft()
            if stop.at not in snapshots:
                raise BrokenRun(
                    say(
                        "{file}: it has no state of step {step}, which a game was set back to",
                        file=f"{run.directory}",
                        step=f"{stop.at:,}",
                    )
                )
            games.stop(stop.member, snapshots[stop.at])
        if now >= step or not games.playing:
            return
        until = [step, *(of[0].step for of in coming if of and of[0].step > now), *(at for at in states if at > now)]
        until += [at for stop in stops for at in (stop.at, stop.step) if at > now]
        rounds = min(min(until) - now, MOST_AT_ONCE, games.free_rounds)
        games.advance(players, max(1, rounds) if players is Players.BOTH else 1)
        if games.free_rows == 0 or games.step in until:
            keep(games.drain())


def _compare(games: Games, states: dict[int, Any], compare: Callable[[int, bool], None]) -> None:
    known = states.get(games.step)
    if known is not None and known.changes == tuple(len(t.changes) for t in games.trajectories):
        del states[games.step]
        compare(games.step, state_hash(state_of(games)) == known.state)


def _repeat(games: Games, run: Log, i: int, change: Any) -> None:
    try:
        games.repeat(i, change)
    except SettingError as error:
        raise BrokenRun(
            say("{file}: a change in its log does not fit: {problem}", file=f"{run.directory}", problem=words_of(error))
        ) from None
