"""What a worker tells of a game, for tests that make one up."""

from __future__ import annotations

from typing import Any

from gandash.wire.facts import DiscriminatorReading, LatentLine, LineFacts, Objective, Parameters, ReadingKind


def line_facts(*columns: str, **changed: Any) -> LineFacts:
    """The facts of some game on the line, whose curves have these columns."""
    reading = DiscriminatorReading(
        kind=ReadingKind.PROBABILITY,
        label="D(x)",
        centre=0.5,
        centre_label="½",
        low=0,
        high=1,
        optimal=True,
        optimal_label="D*",
    )
    facts = {
        "columns": columns,
        "references": {},
        "floors": {},
        "objective": Objective(name="non_saturating", label="non-saturating", other="minimax"),
        "reading": reading,
        "averaging": 0.0,
        "samples": 4096,
        "jsd_every": None,
        "device": "CPU",
        "engine": "torch",
        "parameters": Parameters(generator=1, discriminator=1),
        "wasserstein": "W_1",
        "jsd_is_bound": False,
        "modes": (),
        "mode_std": None,
        "mode_shares": (),
        "perfect_quality": 0.997,
        "window": (-1.0, 1.0),
        "latent": LatentLine(dimension=1, window=(-3.0, 3.0)),
    }
    return LineFacts(**facts | changed)
