"""Settings whose effect depends on the step: what of them is in force now, and where on the curves that shows.

A half-life fades the noise that was set; an average begins with G as it was, and is that G for long when its memory is long;
so do optimisers with a long memory begin with little; an optimistic step wants one before it; lookahead is some rounds ahead;
spectral normalisation lags behind a matrix that turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gandash.config import GameConfig
from gandash.config.optimisers import AdamConfig, MomentumConfig, RMSPropConfig
from gandash.game.round import Players, noise_in_force
from gandash.words import Said, say
from gandash.worker.trajectory import PLAYERS, Trajectory

NOISE, HALF_LIFE = "regulariser.noise", "regulariser.noise_half_life"
AVERAGING, RULE, AHEAD = "run.averaging", "update_rule", "update_rule.rounds"
SPECTRAL = "regulariser.spectral"
LARGEST_NORM, PRODUCT_OF_NORMS = "largest_norm", "product_of_norms"  # of D's matrices, among a picture's numbers

HALVINGS = 6  # marked on the curves: what is left then is a sixty-fourth
LITTLE = 0.005  # of an average that need not be said


def in_force(trajectory: Trajectory) -> dict[str, Said]:
    """What is in force at this step, in words, by the setting's path; nothing of settings that mean what they say."""
    found: dict[str, Said] = {}
    sigma = noise_in_force(trajectory.game, trajectory.state)
    if sigma is not None and trajectory.config.regulariser.noise_half_life:
        found[NOISE] = say("σ = {sigma} at step {step}", sigma=f"{float(sigma):.3g}", step=trajectory.step)
    start, share = start_of_average(trajectory)
    if trajectory.config.run.averaging and share >= LITTLE:
        found[AVERAGING] = say("{share} of it is still G of step {start}", share=f"{share:.0%}", start=start)
    found |= dict(_memories(trajectory))
    if trajectory.config.update_rule.kind == "optimistic":
        new = [player for player, kept in (("D", "d_update"), ("G", "g_update")) if kept not in trajectory.state.memory]
        if new:
            found[RULE] = say(
                "{players} without a last update: the next is a plain one",
                players=say("D and G") if len(new) == 2 else new[0],
            )
    ahead = trajectory.state.memory.get("rounds")
    if ahead is not None:
        found[AHEAD] = say("{count} of them ahead at step {step}", count=int(ahead), step=trajectory.step)
    return found


def norms_in_words(numbers: Mapping[str, float], step: int) -> dict[str, Said]:
    """What the norms of D's matrices came to at this step; nothing without spectral normalisation."""
    if LARGEST_NORM not in numbers:
        return {}
    largest, product = numbers[LARGEST_NORM], numbers[PRODUCT_OF_NORMS]
    said = say(
        "norms up to {largest}; product {product} (step {step})", largest=f"{largest:.3g}", product=f"{product:.3g}", step=step
    )
    return {SPECTRAL: said}


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
    start, share, at = 0, 1.0, 0
    for config, rounds, players in _stretches(trajectory):
        at += rounds
        share *= config.run.averaging ** (rounds * _moves(config, players, Players.G))
        if not config.run.averaging:
            start, share = at, 1.0
    return start, share


def _memories(trajectory: Trajectory) -> Iterator[tuple[str, Said]]:
    """What optimisers make of their settings while they remember few gradients, by the setting's path.

    Adam's averages are corrected for that; RMSProp's mean square and the buffer of momentum are not. These two are followed as
    they answer to gradients of 1: to 1 and to 1/(1 - momentum).
    """
    for player, side, moments in (
        ("generator_optimiser", Players.G, trajectory.state.theta_moments),
        ("discriminator_optimiser", Players.D, trajectory.state.phi_moments),
    ):
        optimiser = getattr(trajectory.config, player)
        if isinstance(optimiser, AdamConfig):
            for name in ("beta1", "beta2"):
                updates = float(moments["count"])
                left = abs(getattr(optimiser, name)) ** updates
                if updates and left >= LITTLE:
                    yield f"{player}.{name}", say("memory {share} full", share=f"{1 - left:.0%}")
        elif isinstance(optimiser, RMSPropConfig | MomentumConfig):
            name = "decay" if isinstance(optimiser, RMSPropConfig) else "momentum"
            response = 0.0
            for config, rounds, players in _stretches(trajectory):
                played = rounds * _moves(config, players, side) * (2 if config.update_rule.kind == "extragradient" else 1)
                keeps = getattr(getattr(config, player), name)
                full = 1.0 if name == "decay" else 1 / (1 - keeps)
                response = full + (response - full) * keeps**played
            if response:
                length = response**-0.5 if name == "decay" else response / full
                if abs(length - 1) >= LITTLE:
                    yield f"{player}.{name}", say("steps {times} times as long as with a full memory", times=f"{length:.3g}")


def _moves(config: GameConfig, players: Players, side: Players) -> int:
    """How often this side moves in a round of these players."""
    rule = config.update_rule
    k = rule.generator_steps if side is Players.G else rule.discriminator_steps
    return k if players is Players.BOTH else max(1, k) if players is side else 0


def _stretches(trajectory: Trajectory) -> Iterator[tuple[GameConfig, int, Players]]:
    """Stretches of rounds by the same players under the same settings of averages, memories and update rule: settings, rounds,
    players.
    """
    config, at = trajectory.initial_config, 0
    for change in trajectory.changes:
        yield config, change.step - at, Players.BOTH
        at = change.step
        if change.kind == "step":
            yield config, 1, PLAYERS[change.players]
            at += 1
        elif change.path == AVERAGING or change.path.startswith(RULE) or change.path.endswith((".decay", ".momentum")):
            config = config.with_live(change.path, change.new)
    yield config, trajectory.step - at, Players.BOTH
