"""What Examine shows of a game: its spectrum, the duality gap, D's best response and the mode table, each found again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigs
from torch import Tensor
from torch.nn.functional import softplus

from gandash.audit.players import Array, Players
from gandash.audit.points import at_modes
from gandash.audit.row import Known, Row, Unaudited
from gandash.examine.examination import PROBE, FrozenGame, GameCopy, Unfit
from gandash.examine.registry import examine
from gandash.game.losses import logits
from gandash.wire.findings import BestResponse, DualityGap, Examinable, Result, Samples, Spectrum
from gandash.words import say, words_of

_MANY = 1_000_000
_LOG_4 = math.log(4)
_LOSS_G: dict[str, Callable[[Tensor], Tensor]] = {
    "minimax": lambda a: -softplus(a).mean(),
    "non_saturating": lambda a: softplus(-a).mean(),
}


def audit_examined(players: Players, jsd: Known | None) -> Iterator[Row | Unaudited]:
    """Every examination of this state that is written anew here; `jsd` is that of the clean laws, found independently."""
    frozen = FrozenGame(0, players.game.config, players.state)
    audits: dict[Examinable, Callable[[Result], Iterator[Row | Unaudited]]] = {
        Examinable.SPECTRUM: lambda found: audit_spectrum(players, GameCopy.of(frozen), found),
        Examinable.DUALITY: lambda found: audit_duality(players, GameCopy.of(frozen), found),
        Examinable.SAMPLES: lambda found: audit_mode_table(players, found),
        Examinable.BEST_RESPONSE: lambda found: _best_response(jsd, found),
    }
    for what, audited in audits.items():
        try:
            *_, last = examine(what, frozen, lambda: None)
        except Unfit as why:
            yield Unaudited(what.value, say("it is refused: {why}", why=words_of(why)))
            continue
        assert last.result is not None
        yield from audited(last.result)


def _value(players: Players, theta: Tensor, phi: Tensor, real: Tensor, z: Tensor) -> Tensor:
    """V = E log D + E log(1 - D(G(z))), D's output taken as a logit."""
    made = players.game.generator.network(theta, z, None)
    return -softplus(-_outputs(players, phi, real)).mean() - softplus(_outputs(players, phi, made)).mean()


def _outputs(players: Players, phi: Tensor, x: Tensor) -> Tensor:
    pack = players.game.pack
    return logits(players.game, phi, x.reshape(1, -1, pack * x.shape[-1]))[0]


def audit_spectrum(players: Players, copy: GameCopy, found: Result) -> Iterator[Row | Unaudited]:
    """The eigenvalue of largest modulus, by Arnoldi's method with products that are differences of gradients of the losses."""
    assert isinstance(found, Spectrum)
    r, name = players.game.config.regulariser, players.game.objective.name
    if (
        name not in _LOSS_G
        or r.gradient_penalty
        or r.r2
        or r.smoothing
        or found.samples != PROBE // copy.game.pack * copy.game.pack
    ):
        yield Unaudited("spectrum", say("the field of this game is not written out anew"))
        return
    real, z = (x.double() for x in copy.drawn(PROBE, copy.generators))
    split = copy.game.generator.network.size
    at = torch.cat([copy.theta[0], copy.phi_effective[0]]).double()
    h = np.repeat(found.step_sizes if found.scaled else (1.0, 1.0), [split, len(at) - split])

    def field(w: Tensor) -> Array:
        theta, phi = (part[None].clone().requires_grad_() for part in torch.split(w, [split, len(at) - split]))
        made = players.game.generator.network(theta, z, None)
        x = real.clone().requires_grad_()
        of_real = _outputs(players, phi, x)
        (slope,) = torch.autograd.grad(of_real.sum(), x, create_graph=True)
        penalty = 0.5 * float(r.r1) * slope.square().sum() / len(of_real)
        loss_d = softplus(-of_real).mean() + softplus(_outputs(players, phi, made.detach())).mean() + penalty
        loss_g = _LOSS_G[name](_outputs(players, phi, made))
        (of_d,) = torch.autograd.grad(loss_d, phi)
        (of_g,) = torch.autograd.grad(loss_g, theta)
        return torch.cat([of_g[0], of_d[0]]).numpy()

    def times(v: Array) -> Array:
        step = 1e-6 / max(float(np.linalg.norm(v)), 1e-300)
        ahead, behind = (field(at + sign * step * torch.from_numpy(np.ravel(v))) for sign in (1, -1))
        return h * (ahead - behind) / (2 * step)

    operator = LinearOperator((len(at), len(at)), matvec=times, dtype=np.float64)
    largest = np.abs(eigs(operator, k=2, which="LM", return_eigenvectors=False, tol=1e-4, v0=np.ones(len(at)))).max()
    shown = max((abs(complex(*one)) for one in found.eigenvalues), default=math.nan)
    known = Known(float(largest), 0.0, say("differences of gradients, in double precision"))
    yield Row(
        say("spectrum: largest modulus"), shown, known, 0.01 * largest, say("1 %: kinks of D and G between the differences")
    )


def audit_duality(players: Players, copy: GameCopy, found: Result) -> Iterator[Row]:
    """V now and after each player's steps, by torch's own Adam in double precision on the same samples."""
    assert isinstance(found, DualityGap)
    generators = copy.generators
    batch, test = copy.drawn(found.samples, generators), copy.drawn(found.test, generators)
    (real, z), (test_real, test_z) = ((x.double() for x in pair) for pair in (batch, test))
    theta, phi = copy.theta.double(), copy.phi_effective.double()

    def best(start: Tensor, loss: Callable[[Tensor], Tensor]) -> Tensor:
        row = start.clone().requires_grad_()
        adam = torch.optim.Adam([row], lr=found.learning_rate)
        kept, least = row.detach().clone(), math.inf
        for _ in range(found.steps + 1):
            adam.zero_grad()
            now = loss(row)
            if float(now.detach()) < least:
                kept, least = row.detach().clone(), float(now.detach())
            now.backward()  # type: ignore[no-untyped-call]
            adam.step()
        return kept

    d = best(phi, lambda row: -_value(players, theta, row, real, z))
    g = best(theta, lambda row: _value(players, row, phi, real, z))
    with torch.no_grad():
        values = {
            "value": float(_value(players, theta, phi, test_real, test_z)),
            "worst_for_g": float(_value(players, theta, d, test_real, test_z)),
            "worst_for_d": float(_value(players, g, phi, test_real, test_z)),
        }
    values["gap"] = values["worst_for_g"] - values["worst_for_d"]
    for name, value in values.items():
        known = Known(value, 0.0, say("torch's Adam, {steps} steps on the same samples", steps=found.steps))
        yield Row(
            say("duality: {number}", number=name),
            getattr(found, name),
            known,
            0.01 + 0.02 * abs(value),
            say("single precision over all steps"),
        )


def audit_mode_table(players: Players, found: Result) -> Iterator[Row | Unaudited]:
    """The shares at each mode, and those of a perfect generator, among a million samples of each law."""
    assert isinstance(found, Samples)
    modes = players.game.data.modes()
    if modes is None or found.modes is None:
        yield Unaudited(say("mode table"), say("p_r has no modes with places: pictures' shares are audited as such"))
        return
    places = modes.points.double().numpy()
    of_g, of_r = (at_modes(x, places, modes.std) / _MANY for x in (players.generated(_MANY, 91), players.real(_MANY, 92)))
    n = found.points
    for i, row in enumerate(found.modes.rows):
        for what, shown, share, samples in (
            (say("mode {number}: share", number=i + 1), row.share, of_g[i], n),
            (say("mode {number}: expected", number=i + 1), row.expected, of_r[i], math.inf),
        ):
            spread = math.sqrt(max(share * (1 - share), 1 / _MANY))
            known = Known(float(share), spread / math.sqrt(_MANY), say("{count} samples", count=f"{_MANY:,}"))
            yield Row(what, shown, known, sampling=spread / math.sqrt(samples))


def _best_response(jsd: Known | None, found: Result) -> Iterator[Row | Unaudited]:
    """No D reaches more than 2 JSD - log 4."""
    assert isinstance(found, BestResponse)
    if jsd is None:
        yield Unaudited(say("best response"), say("no JSD is found here that bounds it"))
        return
    most = 2 * jsd.value - _LOG_4
    last = max(value for value in found.values if value is not None)
    over = Known(0.0, 2 * jsd.error, say("2 JSD - log 4 by another JSD, which no D passes"))
    yield Row(
        say("best response beyond its bound"), max(0.0, last - most), over, 0.02, say("V is read on finitely many samples")
    )
    how = Known(most, 2 * jsd.error, jsd.how)
    bound = math.nan if found.bound is None else found.bound
    yield Row(say("best response: bound"), bound, how, max(0.1 * jsd.value, 0.01), say("twice what the JSD may be off"))
