"""A game is played as the page plays it, and what its page would show then is audited."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gandash.audit.examined import audit_examined
from gandash.audit.lines import audit_lines
from gandash.audit.norms import audit_norms
from gandash.audit.outputs import audit_outputs
from gandash.audit.pictures import audit_pictures
from gandash.audit.players import Players
from gandash.audit.points import Shown, audit_points
from gandash.audit.row import Known, Row, Unaudited
from gandash.audit.scalar import audit_distance, audit_scalar
from gandash.audit.seen import audit_seen
from gandash.audit.verdicts import Curves, audit_verdict
from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.wire.facts import LineFacts, PhaseFacts, PictureFacts, PlaneFacts
from gandash.words import say
from gandash.worker.observer import Observer
from gandash.worker.trajectory import Trajectory, be_reproducible

STEPS = {"line": 600, "plane": 600, "pictures": 600, "scalar": 200}
"""How far a preset of each group is played: into the middle of its story, where no number is at rest."""

_MANY, _MANY_PICTURES = 200_000, 4096  # samples of each law behind expectations

_OF_NOISE = ("regulariser.noise", "regulariser.noise_half_life")
_OTHER_UNITS = ("objective", "regulariser.smoothing")

_HISTORY = say("it belongs to the path, not to a state: the cosine of two displacements that are gone")
_OF_A_POINT = say("two points have no densities: it is log 2 until they meet")
_OF_THE_READING = say("the standard error of the page's own reading, which the JSD's row grants")
_FLOOR = say("it is what the page's own estimator reads for a perfect generator")


@dataclass(frozen=True)
class Audit:
    """What became of one game's numbers at one step."""

    name: str
    step: int
    rows: tuple[Row, ...]
    unaudited: tuple[Unaudited, ...]
    unexplained: tuple[str, ...]  # numbers that are shown, and neither audited nor said to be not

    @property
    def passed(self) -> bool:
        """Whether every number that is shown was right, or it is known why it cannot be found again."""
        return all(row.passed for row in self.rows) and not self.unexplained


def audit(
    name: str,
    config: GameConfig,
    steps: int,
    changes: Sequence[tuple[int, str, JsonValue]] = (),
    *,
    examined: bool = False,
) -> Audit:
    """Play `steps` rounds, with live `changes` (step, path, value) in their order, stand still, and audit what is shown.

    With `examined` also what Examine finds of a game on points, which may take a minute.
    Raises ValueError where the game diverges before.
    """
    be_reproducible()
    trajectory = Trajectory(config)
    observer = Observer(trajectory)
    curves = Curves(observer.columns, observer.measurement().readings)
    coming = list(changes)
    while trajectory.step < steps:
        while coming and coming[0][0] <= trajectory.step:
            _, path, value = coming.pop(0)
            if change := trajectory.set(path, value):
                observer.changed(change)
        observer.follow(trajectory.advance())
        if not trajectory.is_finite():
            raise ValueError(say("the game diverged at step {step}; audit it at an earlier one", step=trajectory.step))
        if observer.free_rows == 0:
            curves.take(observer.drain().values)
    curves.take(observer.drain().values)
    observer.renew_verdict()
    players = Players(observer.game, observer.state)
    label, _ = observer.frame_arrays()
    numbers = {n: math.nan if v is None else float(v) for n, v in label.numbers.items()}
    found = list(_rows(players, observer, numbers, trajectory.config))
    if examined and isinstance(observer.facts(), LineFacts | PlaneFacts):
        name_of_jsd = "jsd" if players.game.pack == 1 else "jsd_seen"
        known = [one.known for one in found if isinstance(one, Row) and one.name == name_of_jsd]
        found += audit_examined(players, known[0] if known and (players.game.pack == 1 or not numbers["noise"]) else None)
    if "noise" in numbers:
        found.append(noise_in_force(numbers["noise"], config, steps, changes))
    if any(path in _OTHER_UNITS for _, path, _ in changes):
        found.append(Unaudited("verdict", say("what D's output means was changed, and the verdict forgot what was before")))
    else:
        floors = {n: (f.mean, f.worst_5pct) for n, f in observer.floors.items()}
        found += audit_verdict(observer.verdict.reason, curves.by_column, floors)
    of_step = Known(trajectory.step, 0.0, say("the step at which the game stands still"))
    found.append(Row("measured", label.measured, of_step))
    if "jsd_step" in numbers:
        found.append(Row("jsd_step", numbers["jsd_step"], of_step))
    rows = tuple(one for one in found if isinstance(one, Row))
    seen = {one.name for one in found}
    found += [Unaudited(n, why) for n, why in _reasons(numbers).items() if n not in seen]
    unaudited = tuple(one for one in found if isinstance(one, Unaudited))
    unexplained = set(numbers) - {one.name for one in found}
    return Audit(name, trajectory.step, rows, unaudited, tuple(sorted(unexplained)))


def noise_in_force(shown: float, config: GameConfig, steps: int, changes: Sequence[tuple[int, str, JsonValue]]) -> Row:
    """Instance noise now, from the settings and from when they were changed alone."""
    of = {path: float(getattr(config.regulariser, path.rpartition(".")[2])) for path in _OF_NOISE}
    since = 0
    for step, path, value in changes:
        if path in of and step < steps and of[path] != float(value):  # type: ignore[arg-type]
            of[path], since = float(value), step  # type: ignore[arg-type]
    sigma, half_life = of.values()
    now = sigma * 0.5 ** ((steps - since) / half_life) if half_life else sigma
    return Row("noise", shown, Known(now, 0.0, say("halved so often since it was set")), 1e-5 * now, say("single precision"))


def _rows(players: Players, observer: Observer, numbers: Mapping[str, float], config: GameConfig) -> Iterator[Row | Unaudited]:
    facts, samples = observer.facts(), observer.samples
    floors = {n: (f.mean, f.worst_5pct) for n, f in observer.floors.items()}
    many = _MANY_PICTURES if isinstance(facts, PictureFacts) else _MANY
    real, made = players.real(many, 51), players.generated(many, 52)
    if noise := numbers.get("noise", 0.0):  # D judges what it sees
        rng = np.random.default_rng(53)
        real, made = (x + noise * rng.standard_normal(x.shape) for x in (real, made))
    if isinstance(facts, PhaseFacts):
        yield from audit_scalar(players, facts, numbers["gap_half"])
        yield from audit_distance(float(observer.state.theta), config, numbers["wasserstein"])
        for name in numbers:
            if name != "jsd_step" and name.startswith(("jsd", "modes", "high_quality", "reverse_kl", "gap_star")):
                yield Unaudited(name, _OF_A_POINT)
        yield Unaudited("wasserstein_average", _OF_A_POINT)
    elif isinstance(facts, PictureFacts):
        yield from audit_pictures(players, numbers, samples)
    else:
        assert isinstance(facts, LineFacts | PlaneFacts)
        shown = Shown(numbers, floors, samples, facts.perfect_quality, facts.mode_shares, facts.jsd_is_bound)
        yield from audit_points(players, shown)
        yield from audit_seen(players, numbers, facts)
    slopes = 64 if isinstance(facts, PictureFacts) else 128
    yield from audit_outputs(players, numbers, real, made, samples, slopes)
    yield from audit_norms(players, numbers)
    yield from audit_lines(players, facts)


def _reasons(numbers: Mapping[str, float]) -> dict[str, str]:
    """Why what is left is not audited."""
    reasons = {"update_cosine": _HISTORY, "jsd_error": _OF_THE_READING}
    reasons |= dict.fromkeys(("gap_star_floor", "jsd_seen_floor"), _FLOOR)
    reasons["pack"] = say("it is a setting, not a measurement")
    return {name: why for name, why in reasons.items() if name in numbers}
