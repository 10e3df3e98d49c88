"""The tests can fail: slips that people make, each put into the game's own source, are caught by the checks the tests use.

A slip replaces one piece of a function's text and leaves all else as it is. Where the text has changed since, the slip says so.
"""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from diagnostics import test_coverage as covers
from diagnostics import test_duality as duals
from diagnostics import test_plane_divergence as divergences
from diagnostics import test_sight as sights
from game import test_convolution as convolutions
from game import test_known_answers as known
from game.checks import (
    check_best_response,
    check_field,
    check_losses,
    check_noise,
    check_rest,
    check_rule,
    check_slopes,
    check_spectral,
    in_double,
    place,
)
from game.test_field import calmed
from game.test_rules import game_config
from game.test_spectral import NETS, check_descent
from game.test_spectral import config as spectral_config

from gandash.config.data import RingConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
)
from gandash.diagnostics import measure, plane
from gandash.diagnostics.line import Line
from gandash.diagnostics.plane_divergence import PlaneDivergence
from gandash.domains.plane import plane_estimators
from gandash.game import field, objectives, regularisers, spectral, step
from gandash.game import losses as losses_
from gandash.game import round as round_
from gandash.game.game import Streams
from gandash.game.networks import build_network, convolution
from gandash.game.objectives import OBJECTIVES
from gandash.game.regularisers import Penalties

Slip = Callable[[pytest.MonkeyPatch], None]


def in_source(owner: Any, name: str, old: str, new: str) -> Slip:
    """`old` becomes `new` in the function or method `name` of a module or class."""

    def put(monkeypatch: pytest.MonkeyPatch) -> None:
        found = inspect.getattr_static(owner, name)
        function = found.__func__ if isinstance(found, classmethod) else inspect.unwrap(found)
        source = textwrap.dedent(inspect.getsource(function))
        assert source.count(old) == 1, f"{name} no longer has this once, seed the slip anew: {old}"
        names: dict[str, Any] = {}
        code = compile(
            source.replace(old, new), "<slip>", "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True
        )
        exec(code, function.__globals__, names)
        monkeypatch.setattr(owner, name, names[name])
        for rule, played in step.UPDATE_RULES.items():
            if played is found:
                monkeypatch.setitem(step.UPDATE_RULES, rule, names[name])

    return put


def in_cross_entropy(name: str, old: str, new: str) -> Slip:
    """The same in both cross-entropies, which are made when the module is."""

    def put(monkeypatch: pytest.MonkeyPatch) -> None:
        in_source(objectives, "_cross_entropy", old, new)(monkeypatch)
        monkeypatch.setitem(OBJECTIVES, name, objectives._cross_entropy(name, 0.0))

    return put


def in_penalty(name: str, old: str, new: str) -> Slip:
    """The same in the loss of a penalty on D's slope."""

    def put(monkeypatch: pytest.MonkeyPatch) -> None:
        known = regularisers.SLOPE_PENALTIES
        function = next(one for one in known if one.name == name).loss.__name__
        in_source(regularisers, function, old, new)(monkeypatch)
        slipped = getattr(regularisers, function)
        monkeypatch.setattr(
            regularisers, "SLOPE_PENALTIES", tuple(replace(one, loss=slipped) if one.name == name else one for one in known)
        )

    return put


def in_objective(name: str, **changes: Any) -> Slip:
    def put(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(OBJECTIVES, name, replace(OBJECTIVES[name], **changes))

    return put


def losses(name: str, smoothing: float = 0.0) -> None:
    played = objectives._cross_entropy(name, smoothing) if smoothing else OBJECTIVES[name]
    check_losses(played, smoothing)


def rule(played: Any, calm: str = "R1", optimisers: str = "gradient descent") -> None:
    check_rule(game_config(played, optimisers, calm), rounds=4)


ALL_CALM = "R1, R2, GP, noise, packs"


def part(**changes: Any) -> Callable[[], None]:
    return lambda: check_field(calmed(2, dimension=2, **changes))


def on(check: Callable[..., None], name: str) -> Callable[[], None]:
    """Looks the objective up when it runs, slip and all."""
    return lambda: check(OBJECTIVES[name])


def check_other_place() -> None:
    """G's gradient is that at the parameters given, whatever was made before."""
    game = in_double(convolutions.config())[0]
    theta, phi, real, latents, _ = place(game)
    expected = field.generator_part(game, theta, phi, real, latents).gradient
    elsewhere = field.make(game, 2 * theta, latents)
    found = field.generator_part(game, theta, phi, real, latents, made=elsewhere).gradient
    assert torch.equal(found, expected)


def check_textbook(normalisation: Any = "none") -> None:
    convolutions.test_members_are_the_textbooks_networks((3, 8, 8), normalisation)


ONE_EACH = AlternatingConfig(discriminator_steps=1, generator_steps=1)
G_FIRST = AlternatingConfig(discriminator_steps=1, generator_steps=2, first="generator")


def half_the_width() -> None:
    """With tables made anew."""
    divergences.divergence_from.cache_clear()
    divergences.test_modes_of_half_the_width(RingConfig())


def ring_floors() -> None:
    """With tables made anew."""
    plane_estimators.cache_clear()
    covers.test_a_perfect_generator_reads_its_floors_on_the_plane(RingConfig())


SLIPS: dict[str, tuple[Slip, Callable[[], None]]] = {
    # ------------------------------------------------------------------------------------------------------ objectives
    "a factor 0.95 inside the log loss": (
        in_cross_entropy("minimax", "F.softplus(-real) if", "-(0.95 * torch.sigmoid(real)).log() if"),
        partial(losses, "minimax"),
    ),
    "probabilities fed where logits belong": (
        in_cross_entropy("non_saturating", "F.softplus(-real) if", "F.softplus(-torch.sigmoid(real)) if"),
        partial(losses, "non_saturating"),
    ),
    "the mean of both cross-entropies for their sum": (
        in_cross_entropy(
            "minimax", "return asked.mean(-1) + F.softplus(fake).mean(-1)", "return (asked + F.softplus(fake)).mean(-1) / 2"
        ),
        on(check_rest, "minimax"),
    ),
    "the sign of the minimax generator's loss": (
        in_cross_entropy("minimax", "(lambda _, a: -F.softplus(a).mean(-1))", "(lambda _, a: F.softplus(a).mean(-1))"),
        partial(losses, "minimax"),
    ),
    "the non-saturating slope for the minimax one": (
        in_cross_entropy("minimax", "torch.sigmoid(a).neg_()) if saturates", "torch.sigmoid(-a).neg_()) if saturates"),
        on(check_slopes, "minimax"),
    ),
    "label smoothing on both sides": (
        in_source(
            objectives,
            "_cross_entropy",
            "asked.mean(-1) + F.softplus(fake).mean(-1)",
            "asked.mean(-1) + (F.softplus(fake) - smoothing * fake).mean(-1)",
        ),
        partial(losses, "minimax", 0.2),
    ),
    "label smoothing that forgets D*": (
        in_source(objectives, "_cross_entropy", "s * _share_of_real(p, q)", "_share_of_real(p, q)"),
        lambda: check_best_response(objectives._cross_entropy("minimax", 0.2), scale=0.8),
    ),
    "least squares with targets 1 and -1": (
        in_objective("least_squares", discriminator=lambda r, f: (r - 1).square().mean(-1) + (f + 1).square().mean(-1)),
        on(check_best_response, "least_squares"),
    ),
    "a hinge without its margin": (
        in_objective("hinge", discriminator=lambda r, f: (-r).relu().mean(-1) + f.relu().mean(-1)),
        on(check_losses, "hinge"),
    ),
    "Nowozin's Pearson conjugate without its linear term": (
        in_objective("f_pearson", discriminator=lambda r, f: (f * f / 4).mean(-1) - r.mean(-1)),
        on(check_best_response, "f_pearson"),
    ),
    "f-GAN KL at rest by another sign": (
        in_objective("f_kl", equilibrium={"loss_d": 0.0, "loss_g": 1.0}),
        on(check_rest, "f_kl"),
    ),
    "a relativistic generator's slope the wrong way round": (
        in_objective("relativistic", generator_slope=lambda r, f: -torch.sigmoid(f - r)),
        on(check_slopes, "relativistic"),
    ),
    # -------------------------------------------------------------------------------------------------------- penalties
    "R1 without its half": (
        in_penalty("r1", "0.5 * weight", "weight"),
        part(r1=0.7),
    ),
    "R2 on real data": (
        in_source(losses_, "discriminator_terms", "else slope(a_f, fake)", "else slope(a_r, real)"),
        part(r1=0.1, r2=0.7),
    ),
    "the gradient penalty not squared": (
        in_penalty("gradient_penalty", "(lengths(v) - 1).square()", "(lengths(v) - 1).abs()"),
        part(gradient_penalty=2.0),
    ),
    "the gradient penalty of the squared length": (
        in_penalty("gradient_penalty", "(lengths(v) - 1).square()", "(lengths(v).square() - 1).square()"),
        part(gradient_penalty=2.0),
    ),
    "the gradient penalty between the wrong ends": (
        in_source(
            losses_, "points_between", "torch.lerp(real, fake, step_noise.mix)", "torch.lerp(fake, real, step_noise.mix)"
        ),
        part(gradient_penalty=2.0),
    ),
    # ------------------------------------------------------------------------------------------------------------ field
    "the sample's share of the batch, not of the packs": (
        in_source(field, "generator_part", "/ a.shape[1]", "/ samples.shape[1]"),
        part(packing=2),
    ),
    "packs of samples far apart": (
        in_source(
            losses_,
            "discriminator_input",
            "x.reshape(len(x), -1, game.pack * x.shape[-1])",
            "torch.cat(x.chunk(game.pack, dim=1), dim=-1)",
        ),
        part(packing=2),
    ),
    "noise on real data alone": (
        in_source(losses_, "noises_of", "step_noise.noise[:, 1])", "torch.zeros_like(step_noise.noise[:, 1]))"),
        part(noise=0.5),
    ),
    "real and generated data judged in one batch under batch norm": (
        in_source(losses_, "_judge_both", "game.discriminator.network.couples_batch or", ""),
        part(network={"normalisation": "batch"}),
    ),
    "slopes shared by both losses under batch norm": (
        in_source(field, "generator_part", "game.discriminator.network.couples_batch", "False"),
        part(network={"normalisation": "batch"}),
    ),
    "G's gradient from another batch's graph": (
        in_source(field.Made, "is_of", "a is b", "type(a) is type(b)"),
        lambda: check_other_place(),
    ),
    # ----------------------------------------------------------------------------------------------------- convolutions
    "a doubled map that is shifted": (
        lambda monkeypatch: monkeypatch.setattr(convolution, "SPREADING", convolution.SPREADING.flip(1)),
        lambda: check_textbook(),
    ),
    "kernels that are read out before in": (
        in_source(convolution, "_convolved", "kernels.permute(0, 3, 1, 2).reshape(", "kernels.reshape("),
        lambda: check_textbook(),
    ),
    "a convolution whose slope has no slope": (
        in_source(
            convolution._Halved, "backward", "_doubled(y, kernels, ctx.members)", "_doubled(y, kernels.detach(), ctx.members)"
        ),
        lambda: convolutions.test_gradients_by_differences("none"),
    ),
    "layer norm of all members at once": (
        in_source(convolution.Convolution, "_normalised", "F.group_norm(x, members,", "F.group_norm(x, 1,"),
        lambda: check_textbook("layer"),
    ),
    # --------------------------------------------------------------------------------------------------------- spectral
    "no pull-back through the normalisation": (
        in_source(round_.Round, "gradient_d", "self._normalised.pull_back(part.gradient)", "part.gradient"),
        lambda: check_descent(spectral_config()),
    ),
    "a pull-back that only divides": (
        in_source(spectral.Normalised, "pull_back", " - along * (v.unsqueeze(-1) * u.unsqueeze(-2)).flatten(1)", ""),
        lambda: check_spectral(build_network(2, 1, NETS["mlp"])),
    ),
    "the Frobenius norm for the spectral one": (
        in_source(
            spectral,
            "normalised",
            "torch.linalg.vector_norm(wu, dim=-1, keepdim=True)",
            "torch.linalg.matrix_norm(w).unsqueeze(-1)",
        ),
        lambda: check_spectral(build_network(2, 1, NETS["mlp"])),
    ),
    # ------------------------------------------------------------------------------------------------------ update rules
    "optimistic with the wrong sign": (
        in_source(step, "_optimistic", "2 * this.d_update - before", "2 * this.d_update + before"),
        partial(rule, OptimisticConfig()),
    ),
    "optimistic that remembers what it did rather than its update": (
        in_source(
            step,
            "_optimistic",
            'this.memory["g_update"] = this.g_update\n        this.g_update = 2 * this.g_update - before',
            'this.g_update = 2 * this.g_update - before\n        this.memory["g_update"] = this.g_update',
        ),
        partial(rule, OptimisticConfig()),
    ),
    "extragradient applied from the half point": (
        in_source(step, "_extragradient", "this.theta, this.average = theta, average", "this.average = average"),
        partial(rule, ExtragradientConfig()),
    ),
    "extra-Adam whose moments forget the look ahead": (
        in_source(
            step,
            "_extragradient",
            "    _simultaneous(this, rule)\n",
            "    moments = this.theta_moments\n    _simultaneous(this, rule)\n    this.theta_moments = moments\n",
        ),
        partial(rule, ExtragradientConfig(), optimisers="Adam"),
    ),
    "alternating that plays the old D": (
        in_source(
            step,
            "_d_moves",
            "            this.move_d(gradient)\n",
            "            old = this.phi_effective\n            this.move_d(gradient)\n            this.phi_effective = old\n",
        ),
        partial(rule, ONE_EACH),
    ),
    "simultaneous play one after the other": (
        in_source(
            step,
            "_simultaneous",
            "    of_g = this.gradient_g().gradient if Players.G in this.players else None\n    this.move_d(of_d)\n",
            "    this.move_d(of_d)\n    of_g = this.gradient_g().gradient if Players.G in this.players else None\n",
        ),
        partial(rule, SimultaneousConfig()),
    ),
    "who is first, forgotten": (
        in_source(step, "_alternating", 'rule.first == "generator"', "False"),
        partial(rule, G_FIRST),
    ),
    "consensus without gamma on D": (
        in_source(step, "_consensus", "rule.gamma * more_d", "more_d"),
        partial(rule, ConsensusConfig(gamma=0.7)),
    ),
    "the adjustment with the other sign": (
        in_source(step, "_symplectic", "(b - f) / 2", "(f - b) / 2"),
        partial(rule, SymplecticAdjustmentConfig(weight=0.6)),
    ),
    "lookahead that goes back one player alone": (
        in_source(step, "_lookahead", 'this.put_phi(torch.lerp(memory["slow_phi"], this.phi, rule.share))', "pass"),
        partial(rule, LookaheadConfig(rounds=2, share=0.4)),
    ),
    "lookahead with the share the wrong way round": (
        in_source(
            step,
            "_lookahead",
            'torch.lerp(memory["slow_theta"], this.theta, rule.share)',
            'torch.lerp(this.theta, memory["slow_theta"], rule.share)',
        ),
        partial(rule, LookaheadConfig(rounds=2, share=0.4)),
    ),
    "unrolled steps that G's gradient does not pass": (
        in_source(step, "_unrolled", "phi - rule.inner_rate * of_d", "phi - rule.inner_rate * of_d.detach()"),
        partial(rule, UnrolledConfig(depth=2, inner_rate=0.4)),
    ),
    "noise whose half-life is its life": (
        in_source(Penalties, "noise_after", "0.5 **", "0.3679 **"),
        partial(rule, SimultaneousConfig(), ALL_CALM),
    ),
    "the same noise on real and generated data": (
        in_source(
            Streams, "normal", "torch.randn(shape, generator=g)", "torch.randn((1, *shape[1:]), generator=g).expand(shape)"
        ),
        lambda: check_noise(Streams([3, 4])),
    ),
    # ---------------------------------------------------------------------------------------------------- known answers
    "an R1 without its half has another critical gamma": (
        in_penalty("r1", "0.5 * weight", "weight"),
        known.test_the_critical_gamma,
    ),
    "optimistic steps doubled only": (
        in_source(step, "_optimistic", "2 * this.g_update - before", "2 * this.g_update"),
        lambda: known.test_optimistic_steps_contract_below_one_over_root_three(0.3),
    ),
    # -------------------------------------------------------------------------------------------------- what is measured
    "JSD on cells about as wide as a mode": (
        in_source(
            PlaneDivergence,
            "__init__",
            "np.clip(math.ceil(_CELLS_PER_DETAIL * side / law.detail), *_CELLS)",
            "math.ceil(side / (1.25 * law.detail))",
        ),
        half_the_width,
    ),
    "D* as if D saw the laws without noise": (
        in_source(Line, "see", "self._see(_flat(x), noise, corners)", "self._see(_flat(x), 0.0, corners)"),
        lambda: sights.test_d_star_and_jsd_in_noise_are_those_of_the_convolved_laws(0.4),
    ),
    "the best value of a D that judges packs from single samples": (
        in_source(measure, "seen_jsd", "(*laws.masses, pack)", "(*laws.masses, 1)"),
        sights.test_the_value_of_the_best_d_that_judges_packs,
    ),
    "what a perfect generator has at a mode, without what it has elsewhere": (
        in_source(covers, "perfect_shares", "good = nearest <= RADIUS * modes.std", "good = nearest >= 0"),
        lambda: covers.test_where_modes_lie_near_each_other_a_perfect_generator_scores_more(RingConfig(), 0.988891),
    ),
    "the lucky end of high quality for its floor": (
        in_source(
            plane,
            "coverage_floors",
            "[c.high_quality for c in perfect], more_is_better=True",
            "[c.high_quality for c in perfect]",
        ),
        ring_floors,
    ),
    "an equilibrium that reads what D knows by heart": (
        in_source(duals, "gap_of_equals", "for t in test)", "for t in (real, other))"),
        duals.test_equal_laws_read_what_d_learns_by_heart,
    ),
    "no floor of max |D - D*|": (
        in_source(Line, "perfect", "for samples, corners in self._perfect", "for samples, corners in self._perfect[:0]"),
        lambda: sights.test_a_perfect_generator_reads_its_floor(True),
    ),
}


@pytest.mark.parametrize(("slip", "check"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_caught(slip: Slip, check: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    with monkeypatch.context() as patched:
        slip(patched)
        with pytest.raises(AssertionError):
            check()
    check()
