"""A small sweep that a page has begun and that is played, on disk."""

from __future__ import annotations

import json
from pathlib import Path

from gandash.presets import PRESETS
from gandash.store.files import write_whole
from gandash.sweeps.axes import Axis
from gandash.sweeps.hosting import PAGE, About
from gandash.sweeps.planning import planned
from gandash.sweeps.playing import play
from gandash.sweeps.results import Results, write_part
from gandash.sweeps.sweep import Sweep

ID = "20260101-000000-abcdef"


def with_a_sweep(home: Path) -> Sweep:
    """Eight games of the Dirac-GAN, of whoever sits at the machine."""
    axes = tuple(map(Axis.of, ("generator_optimiser.learning_rate=0.1:0.4:4", "regulariser.r1=0,1")))
    sweep = Sweep(base=PRESETS["dirac-r1"].config, axes=axes, steps=40, preset="dirac-r1")
    results = Results.begin(home / "sweeps" / ID, sweep, planned(sweep))
    write_whole(results.folder / PAGE, json.dumps(About("", "Two axes").__dict__).encode())
    for part in results.parts:
        write_part(results.path(part.number), play(results.description(part)))
    return sweep
