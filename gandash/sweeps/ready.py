"""Ready sweeps: maps that are worth having, each with what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gandash.config.setting import JsonValue
from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.sweep import Sweep
from gandash.words import marked

G_RATE, D_RATE = "generator_optimiser.learning_rate", "discriminator_optimiser.learning_rate"
RATES = f"{G_RATE}+{D_RATE}"
ONE_EACH = '{"kind": "alternating", "discriminator_steps": 1}'


@dataclass(frozen=True)
class ReadySweep:
    """`finding` says in a sentence what its map shows; `colour` is the column that shows it best."""

    name: str
    title: str
    finding: str
    sweep: Sweep
    colour: str = "verdict"


def _of(preset: str, *axes: str, changes: Sequence[tuple[str, JsonValue]] = (), seeds: int = 1, steps: int = 0) -> Sweep:
    ready = PRESETS[preset]
    return Sweep(
        base=ready.config.replace_all(list(changes)),
        axes=tuple(map(Axis.of, axes)),
        seeds=seeds,
        steps=steps or ready.steps,
        preset=preset,
    )


RING_RATES = ReadySweep(
    name="ring-rates",
    title=marked("Both learning rates on the ring"),
    finding=marked(
        "With D's rate between 0.001 and 0.03 all 8 modes are found over two decades of G's rate, from 0.0001 to 0.02; a "
        "slow D, at 0.0001, loses them to a G that learns ten times as fast."
    ),
    sweep=_of("ring", f"{G_RATE}=1e-4:1e-1:10log", f"{D_RATE}=1e-4:1e-1:10log"),
    colour="modes",
)

GAMMA_RATES = ReadySweep(
    name="gamma-rates",
    title=marked("R1 against the learning rate, on two modes"),
    finding=marked(
        "R1 makes large rates bearable: with both at 0.03, p_g ends less than half as far from p_r (JSD) with γ = 1 as "
        "without; at 0.1 no γ helps any more."
    ),
    sweep=_of("two-modes", f"{RATES}=1e-3:1e-1:9log", "regulariser.r1=0,0.001,0.003,0.01,0.03,0.1,0.3,1,3,10"),
    colour="jsd",
)

RULES_STEPS = ReadySweep(
    name="rules-steps",
    title=marked("Update rules against the step size, on the Dirac-GAN"),
    finding=marked(
        "Without a penalty simultaneous and alternating steps never come to rest, however small; extragradient steps do "
        "up to a step size of 2, optimistic ones up to 2/√3, exactly where the line says."
    ),
    sweep=_of(
        "dirac-orbit",
        f"{RATES}=0.3:4.8:17log",
        f"update_rule=simultaneous,{ONE_EACH},extragradient,optimistic,lookahead",
        changes=[("generator.start", 0.1), ("discriminator.start", 0.1)],
        steps=600,
    ),
)

READY: Mapping[str, ReadySweep] = MappingProxyType({ready.name: ready for ready in (RING_RATES, GAMMA_RATES, RULES_STEPS)})
