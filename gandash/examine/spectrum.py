"""Leading eigenvalues of the Jacobian of the field both players follow, and the rule's stability boundary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from gandash.config import GameConfig
from gandash.config.optimisers import MomentumConfig
from gandash.diagnostics import spectrum
from gandash.examine.examination import (
    PROBE,
    CheckCancelled,
    Examination,
    GameCopy,
    Progress,
    Unfit,
    has_dropout,
    probe_size,
    sampling_noise,
    timed,
    with_rests,
)
from gandash.game.losses import discriminator_input, generate, slopes_between
from gandash.game.parts import StepNoise
from gandash.wire.findings import Examinable, Spectrum
from gandash.words import Said, marked, say

LARGE, HUGE = 2e7, 3e5  # parameters times samples, and parameters: beyond, less is asked for
EIGENVALUES, RESTARTS = 8, 15
EDGE = 121  # points of a stability boundary
PRODUCTS = 150  # of a large Jacobian with a vector, for each end of the spectrum that ARPACK looks for


def _refusal(config: GameConfig) -> Said:
    if config.regulariser.spectral != "off":
        return say(
            "Under spectral normalisation there is no spectrum: D remembers its last power iterations, so that the field is no "
            "function of the parameters alone. Restart without it to see one."
        )
    if "batch" in (getattr(config.generator, "normalisation", ""), getattr(config.discriminator, "normalisation", "")):
        return say(
            "Under batch normalisation there is no spectrum worth the name: what a player does to one sample depends on all "
            "others of its batch, and another batch has other eigenvalues. Restart without it, or with layer norm."
        )
    return say("")


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """Leading eigenvalues of the Jacobian of the field both players follow, and the rule's stability boundary."""
    game, c = copy.game, copy.game.config
    size = copy.parameters
    notes: list[Said] = []
    probe = probe_size(size, LARGE, notes)
    kinds: Sequence[spectrum.Which] = ("LM", "SR") if size <= HUGE else ("LM",)
    count = EIGENVALUES if size <= HUGE else EIGENVALUES // 2
    if size > HUGE:
        notes.append(say("Large networks: only the {count} eigenvalues of largest magnitude are looked for.", count=count))
    generators = copy.generators
    real, latents = copy.drawn(probe, generators)
    mix = None
    if game.penalties.looks_between:
        mix = torch.rand(1, real.shape[1] // game.pack, 1, generator=generators[0])
    if game.penalties.noise is not None:
        notes.append(say("Instance noise is left out."))
    if has_dropout(c):
        notes.append(say("Dropout is left out."))
    if mix is not None:
        notes += _note_flat(copy, real, latents, StepNoise(mix=mix))
    field = spectrum.joint_field(game, real, latents, 0, StepNoise(mix=mix))
    rule, words = stability(c)
    steps = (c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    scaled = rule is not None and steps[0] != steps[1]
    if scaled:
        h = torch.from_numpy(spectrum.step_sizes(game.generator.network.size, size, *steps))
        bare = field
        notes.append(say("The players' steps differ: shown are the eigenvalues of diag(h) H, against the boundary for h = 1."))

        def field(w: Tensor) -> Tensor:
            return h * bare(w)

    yield Progress(doing=say("looking for the leading eigenvalues of a {size} × {size} matrix", size=size))
    at = spectrum.joint(copy.theta, copy.phi_effective)
    found = spectrum.spectrum(field, at, count=count, which=kinds, restarts=RESTARTS, check_cancelled=check_cancelled)
    if not found.converged:
        notes.append(
            say(
                "Not all of them were found within {count} restarts of ARPACK; those shown are eigenvalues nevertheless.",
                count=RESTARTS,
            )
        )

    def on_others(real: Tensor, latents: Tensor) -> Tensor:
        check_cancelled()
        found = spectrum.joint_field(game, real, latents, 0, StepNoise(mix=mix))(at)
        return h * found if scaled else found

    edge = growth = None
    if rule is not None:
        step = 1.0 if scaled else steps[0]
        edge = spectrum.stability_boundary(rule, step, EDGE)
        growth = float(spectrum.growth(rule, found.eigenvalues, step).max()) if len(found.eigenvalues) else None
    yield Progress(
        Spectrum(
            eigenvalues=spectrum.pairs(found.eigenvalues[:64]),
            negative=int((found.eigenvalues.real < -1e-9 * np.abs(found.eigenvalues).max(initial=0.0)).sum()),
            found=len(found.eigenvalues),
            size=found.size,
            complete=found.complete,
            speed=found.speed,
            step_sizes=steps,
            scaled=scaled,
            boundary=None if edge is None else spectrum.pairs(edge),
            growth=growth,
            sampling_noise=sampling_noise(on_others, copy, probe, generators),
            words=words,
            samples=real.shape[1],
            notes=tuple(notes),
        )
    )


def _note_flat(copy: GameCopy, real: Tensor, latents: Tensor, step_noise: StepNoise) -> list[Said]:
    """What must be said of the gradient penalty's kink; raises Unfit where there is nothing else."""
    game = copy.game
    with torch.enable_grad():
        real, fake = discriminator_input(game, real), discriminator_input(game, generate(game, copy.theta, latents))
        flat = float((slopes_between(game, copy.phi_effective, real, fake, step_noise) == 0).float().mean())
    if flat == 1:
        raise Unfit(
            say(
                "There is no spectrum where D is flat everywhere: the gradient penalty's |∇a| has a kink at 0. Try again some "
                "steps later."
            )
        )
    if not flat:
        return []
    share = say("{percent} %", percent=f"{100 * flat:.0f}") if flat >= 0.01 else say("less than 1 %")
    return [say("D is flat at {share} of the points where the gradient penalty looks: there it adds nothing.", share=share)]


def stability(c: GameConfig) -> tuple[spectrum.Rule | None, Said]:
    """The rule that a round applies to one eigenvalue at a time, and in words what the boundary means or why there is none."""
    one, other = c.generator_optimiser, c.discriminator_optimiser
    kinds = {one.kind, other.kind}
    rule = spectrum.RULES.get(c.update_rule.kind)

    def bare(why: Said) -> Said:
        return say("The eigenvalues are those of the bare field, and no boundary is drawn: {why}", why=why)

    if kinds & {"adam", "rmsprop"}:
        name = "Adam" if "adam" in kinds else "RMSProp"
        return None, bare(say("{name} gives every parameter a step size of its own, out of its history.", name=name))
    if rule is None:
        played = Said(c.update_rule.kind.replace("_", " "))
        return None, bare(say("what a round of the {rule} rule does is not settled by one eigenvalue at a time.", rule=played))
    if c.regulariser.clip:
        return None, bare(say("clipping bends every step."))
    if isinstance(one, MomentumConfig) and isinstance(other, MomentumConfig):
        if one.momentum == other.momentum and c.update_rule.kind == "simultaneous":
            return spectrum.heavy_ball_rule(one.momentum), say(
                "Inside the boundary a round of the heavy ball contracts, outside it expands."
            )
        return None, bare(say("there is one for momentum only where both have the same and move simultaneously."))
    if kinds != {"gradient_descent"}:
        return None, bare(say("the players' optimisers differ."))
    return rule, say("Inside the boundary a round of this rule contracts, outside it expands.")


def _seconds(copy: GameCopy) -> float:
    real, latents = copy.drawn(PROBE, copy.generators)
    field = spectrum.joint_field(copy.game, real, latents, 0, _mix(copy, real.shape[1]))
    jacobian = spectrum.Jacobian(field, spectrum.joint(copy.theta, copy.phi_effective))
    product = timed(lambda: jacobian.times(np.ones(jacobian.size)))
    return with_rests(product, jacobian.size if jacobian.size <= spectrum.DENSE else 2 * PRODUCTS)


def _mix(copy: GameCopy, n: int) -> StepNoise:
    return StepNoise(mix=torch.full((1, n // copy.game.pack, 1), 0.5))


SPECTRUM = Examination(Examinable.SPECTRUM, marked("the spectrum"), _results, _seconds, _refusal)
