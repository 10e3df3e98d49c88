"""Settings whose effect depends on the step: what of them is in force now, and where on the curves that shows.

A half-life fades the noise that was set; an average begins with G as it was, and is that G for long when its memory is long.
"""

from __future__ import annotations

from gandash.game.round import noise_in_force
from gandash.worker.trajectory import Trajectory

NOISE, HALF_LIFE = "regulariser.noise", "regulariser.noise_half_life"
AVERAGING, RULE = "run.averaging", "update_rule"

HALVINGS = 6  # marked on the curves: what is left then is a sixty-fourth
LITTLE = 0.005  # of an average that need not be said


def in_force(trajectory: Trajectory) -> dict[str, str]:
    """What is in force at this step, in words, by the setting's path; nothing of settings that mean what they say."""
    found = {}
    sigma = noise_in_force(trajectory.game, trajectory.state)
    if sigma is not None and trajectory.config.regulariser.noise_half_life:
        found[NOISE] = f"σ = {float(sigma):.3g} at step {trajectory.step}"
    start, share = start_of_average(trajectory)
    if trajectory.config.run.averaging and share >= LITTLE:
        found[AVERAGING] = f"{share:.0%} of it is still G of step {start}"
    return found


def halvings(trajectory: Trajectory) -> tuple[tuple[int, float], ...]:
    """The steps at which instance noise is half, a quarter, ... of what it was set to, with its sigma there; also those to come
    if nothing is changed."""
    regulariser = trajectory.initial_config.regulariser
    noise, half_life = regulariser.noise, regulariser.noise_half_life
    found: list[tuple[int, float]] = []
    begun = since = 0

    def fade(until: float) -> None:
        for k in range(1, HALVINGS + 1) if noise and half_life else ():
            if begun < (at := since + k * half_life) < until:
                found.append((round(at), noise * 0.5**k))

    for change in trajectory.changes:
        if change.path in (NOISE, HALF_LIFE):
            fade(change.step)
            begun = change.step
            since = begun if change.restarts_half_life else since
            if change.path == NOISE:
                noise = float(change.new)  # type: ignore[arg-type]
            else:
                half_life = float(change.new)  # type: ignore[arg-type]
    fade(float("inf"))
    return tuple(found)


def start_of_average(trajectory: Trajectory) -> tuple[int, float]:
    """The step at which averaging of G began, and the share that G as it was then still has in the average.

    Every move of G leaves the weight of the past, `run.averaging`, of what was there.
    """
    config, start, share, at = trajectory.initial_config, 0, 1.0, 0

    def play(rounds: int, moves: int) -> None:
        nonlocal start, share, at
        at += rounds
        share *= config.run.averaging ** (rounds * moves)
        if not config.run.averaging:
            start, share = at, 1.0

    for change in trajectory.changes:
        play(change.step - at, config.update_rule.generator_steps)
        if change.kind == "step":
            play(1, max(1, config.update_rule.generator_steps) if change.players == "G" else 0)
        elif change.path == AVERAGING or change.path.startswith(RULE):
            config = config.with_live(change.path, change.new)
    play(trajectory.step - at, config.update_rule.generator_steps)
    return start, share
