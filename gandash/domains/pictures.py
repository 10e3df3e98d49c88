"""Pictures: measured in features, counted by what they show, judged by their own rule."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

from torch import Generator, Tensor

from gandash.config.data import FoundPicturesConfig, PicturesConfig
from gandash.diagnostics.coverage import Coverage
from gandash.diagnostics.measure_pictures import PictureMeasurement, measure_pictures
from gandash.diagnostics.pictures import PictureEstimators, picture_estimators_for
from gandash.diagnostics.samples import share_noise
from gandash.diagnostics.verdict import Verdict
from gandash.diagnostics.verdict_pictures import PictureObservation, picture_verdict_rule
from gandash.domains.domain import Domain, FrameBuilder, KnownJsd
from gandash.domains.image_grid import ImageGridFrames
from gandash.domains.verdict_evidence import VerdictEvidence, centre_named, outputs_of_d, targets_of_d
from gandash.game.distributions import PictureDistribution
from gandash.game.game import Game, Streams
from gandash.game.round import GameState
from gandash.wire.facts import Counted, Point
from gandash.wire.findings import Attribute, ModeRow, ModeTable
from gandash.words import say


class PictureEvidence(VerdictEvidence):
    """On a game on pictures: by what their features and classes say."""

    observed = PictureObservation

    def __init__(self, known: PictureEstimators) -> None:
        super().__init__()
        self._known = known

    def observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> PictureObservation:
        return PictureObservation(
            frechet=readings["frechet_average"],
            precision=readings["precision"],
            coverage=readings["coverage"],
            frechet_live=readings["frechet"] if found.average is not None else None,
            modes=readings["modes"],
            **outputs_of_d(game, found, found.mean_gap),
        )

    def verdict(self, game: Game) -> Verdict:
        known = self._known
        classes = known.classes
        counted = (len(classes.weights), classes.noun) if classes else (0, "")
        return picture_verdict_rule(self._recent, known.floors, *counted, centre_named(game), targets_of_d(game))


class PictureDomain(Domain):
    """Laws of pictures: no density, so features and classes are compared; the picture is a grid of them."""

    measure_every = 200  # two readings of 512 pictures take as long as 25 steps or so
    measures_each_frame = False
    distance_notes = (
        say("Distances and neighbourhoods are those of pixels, from −1 (black) to 1 (white), all alike: not of features."),
    )

    def includes(self, game: Game) -> bool:
        return isinstance(game.data, PictureDistribution)

    def estimators(self, game: Game) -> PictureEstimators:
        assert isinstance(game.config.data, PicturesConfig)
        return picture_estimators_for(game.config.data)

    def measure(
        self, game: Game, state: GameState, streams: Streams, member: int = 0, *, with_jsd: bool = True
    ) -> PictureMeasurement:
        return measure_pictures(game, state, streams, member)

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return ImageGridFrames(game, generator)

    def verdict_evidence(self, game: Game) -> VerdictEvidence:
        return PictureEvidence(self.estimators(game))

    def cover(self, game: Game) -> Callable[[Tensor], Coverage] | None:
        known = self.estimators(game)
        classes = known.classes
        return None if classes is None else lambda x: classes.count(classes.of(x, known.features.of(x)))[0]

    def mode_table(self, game: Game, fake: Tensor) -> ModeTable | None:
        assert isinstance(game.config.data, PicturesConfig)
        return class_table(game.config.data, fake)

    def known_jsd(self, game: Game, state: GameState, streams: Streams) -> KnownJsd:
        notes = [
            say(
                "The JSD of pictures is not measured, so no bound from above is known. What D reaches bounds it from below: "
                "JSD ≥ (V + log 4) / 2, but for noise of about 0.01."
            )
        ]
        if isinstance(game.config.data, FoundPicturesConfig):
            notes.append(
                say("Real pictures are a finite set here. D may learn it by heart, and that is a difference as any other.")
            )
        if game.pack > 1:
            notes.append(say("D judges packs of pictures: the JSD is that of packs."))
        return KnownJsd(math.nan, None, tuple(notes))


def class_table(data: PicturesConfig, fake: Tensor) -> ModeTable | None:
    """Each class's share of generated pictures beside its weight: digits by name, cells by the middles of their attributes."""
    known = picture_estimators_for(data)
    classes = known.classes
    if classes is None:
        return None
    found, _ = classes.count(classes.of(fake, known.features.of(fake)))
    perfect, n = known.floors["high_quality"].mean, len(fake)
    attributes = known.law.attributes
    middles = [[a.low + (i + 0.5) * (a.high - a.low) / a.cells for i in range(a.cells)] for a in attributes]
    named: list[tuple[str | None, Point]] = [(name, ()) for name in classes.names]
    named = named or [(None, point) for point in itertools.product(*middles)]
    rows = []
    for (name, point), weight, share in zip(named, classes.weights.tolist(), found.shares.tolist(), strict=True):
        expected = weight * perfect
        noise = share_noise(expected, n)
        rows.append(ModeRow(name=name, point=point, share=share, expected=expected, noise=noise))
    return ModeTable(
        counted=Counted(classes.noun),
        attributes=tuple(Attribute(name=a.name, unit=a.unit) for a in attributes),
        rows=tuple(rows),
        elsewhere=1 - found.high_quality,
        expected_elsewhere=1 - perfect,
        noise_elsewhere=share_noise(1 - perfect, n),
    )
