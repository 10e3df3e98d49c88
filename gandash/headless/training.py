"""`gandash.train` and `gandash.open`: a game is played and recorded, or found again, as a `Run`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gandash.config import GameConfig, picture_shapes
from gandash.config.networks import PointConfig, Shape
from gandash.config.setting import NOT_GIVEN, JsonValue, SettingError
from gandash.game.given import Given, Loss, LossOfD
from gandash.game.networks import ModuleNetwork, Network, UnfitModule
from gandash.headless.keeping import Keeping, kept, title_of
from gandash.headless.own_data import data_setting
from gandash.headless.playing import Outcome, play
from gandash.headless.run import Run
from gandash.headless.settings import begun, configure, named
from gandash.headless.timeline import Alone, Changes, Timeline, check_steps, planned
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.store import index
from gandash.store.format import CannotRecord
from gandash.wire.facts import Engine

STEPS = 3000  # for a game that promises nothing


def train(
    game: str | Preset | GameConfig | Mapping[str, JsonValue] = DEFAULT.name,
    *,
    steps: int | None = None,
    seed: int | None = None,
    data: Any = None,
    generator: Any = None,
    discriminator: Any = None,
    loss: Loss | tuple[LossOfD, Callable[..., Tensor]] | None = None,
    at: Changes = (),
    alone: Mapping[int, Alone] | None = None,
    engine: Engine | None = None,
    title: str = "",
    out: str | Path | None = None,
    progress: bool | None = None,
    **settings: Any,
) -> Run:
    """Play a game to the end, and record it as the page and the command line do. Ctrl-C gives the run so far.

    `game`: a ready game by its name (`gandash.presets.PRESETS`), or settings: a `GameConfig`, or what one is as JSON. `steps`:
    rounds; without, until a ready game's promise is kept, else 3000. `settings` are those of `python -m gandash schema`, by
    their dotted paths, or with two underscores for each dot: `generator_optimiser__learning_rate=1e-3`.

    `data`: one of the laws by its name or fields, or your own: an array `(n,)`, `(n, 1)`, `(n, 2)`, pictures
    `(n, height, width)`, or a function `draw(n, rng)` that returns samples (`gandash.headless.own_data`). Columns are
    standardised unless `data__scaling="as_given"`.

    `generator`, `discriminator`: settings as well, or your own `torch.nn.Module`, played by autograd from the parameters that
    it comes with: G is called on latents `(batch, latent.dimension)`, D on samples `(batch, dimension)`, or on pictures
    `(batch, channels, height, width)`. `loss`: your own instead of the objective, as a pair of functions of D's outputs, or a
    `gandash.Loss`. All is measured of them that can be of ours. Another program needs them to play such a run on.

    `at` changes live settings in mid-run: `{1000: {"objective": "minimax"}}`. In the rounds that begin at the steps in `alone`
    one player alone moves: `{50: "D"}`. `engine`: "torch", or "compiled" rounds, several times as fast between plain MLPs and
    in scalar games; by default the best there is on this machine by now. The same settings, seed, changes and engine give the
    same run, bit for bit.

    `out`: a new or empty folder for the record. Without, it lies below `~/.local/share/gandash`, where `python -m gandash runs`
    lists it under its `title`; with `GANDASH_RECORD=0` in a folder that goes with the `Run`. `progress`: whether there is a
    bar, by default in terminals and notebooks.

    Raises SettingError, a ValueError, which names the setting, what was given and what is allowed; Untimely, another, of a
    change that cannot be made then; NotPlayedSo, another, where the engine cannot play this game; and what `out` may raise.

    >>> import gandash
    >>> run = gandash.train("two-modes", steps=20, seed=1, run__batch=32)
    >>> run.steps, run.config.run.batch
    (20, 32)
    >>> gandash.train("two-modes", generator__widht=8)
    Traceback (most recent call last):
    gandash.config.setting.SettingError: generator.widht: given 8; there is no such setting (did you mean generator.width ...
    """
    ready, config = begun(game)
    for name, player in (("generator", generator), ("discriminator", discriminator)):
        if player is not None and not isinstance(player, torch.nn.Module):
            settings = {name: player} | settings
    config = configured(config, settings, data, seed)
    given = own_parts(config, generator, discriminator, loss)
    steps = steps if steps is not None else ready.steps if ready else STEPS
    coming = Timeline(planned(config, check_steps(steps), at), dict(alone or {}))
    keeping = kept(out, title or title_of(ready, config), ready.name if ready else "")
    return played(play(config, steps, keeping, coming, engine, progress, given), keeping)


def played(outcome: Outcome, keeping: Keeping) -> Run:
    """The run that was played there. Raises KeyboardInterrupt where that was before its first round, and CannotRecord."""
    if not keeping.has_begun:
        if outcome.signal:
            raise KeyboardInterrupt
        raise CannotRecord(f"nothing of this run could be recorded in {keeping.directory}; name another folder with `out`")
    return Run(keeping.directory, outcome, outcome.games.trajectories[0].given)


def configured(config: GameConfig, settings: Mapping[str, Any], data: Any = None, seed: int | None = None) -> GameConfig:
    """The game with these settings, data and seed. Raises SettingError."""
    changes = named(settings)
    if data is not None:
        changes.insert(0, ("data", data_setting(data)))
    if seed is not None:
        changes.append(("run.seed", seed))
    return configure(config, changes)


def own_parts(
    config: GameConfig, generator: Any, discriminator: Any, loss: Loss | tuple[LossOfD, Callable[..., Tensor]] | None
) -> Given:
    """What of a game is not built from its settings. Raises SettingError."""
    shape, packed = picture_shapes(config)
    dimension, pack = config.data.dimension, config.regulariser.packing
    if loss is not None and isinstance(config.generator, PointConfig):
        raise SettingError("loss", NOT_GIVEN, "a scalar game is drawn from its objective's formula; choose another game")
    if isinstance(loss, tuple):
        loss = Loss(*loss)
    return Given(
        _network("generator", generator, config.latent.dimension, dimension, shape),
        _network("discriminator", discriminator, pack * dimension, 1, packed),
        None if loss is None else loss.objective(),
    )


def _network(name: str, given: Any, inputs: int, outputs: int, shape: Shape | None) -> Network | None:
    """None where no module is given."""
    if not isinstance(given, torch.nn.Module):
        return None
    try:
        return ModuleNetwork(given, inputs, outputs, shape)
    except UnfitModule as error:
        raise SettingError(name, NOT_GIVEN, str(error)) from None


def open(
    run: str | Path,
    *,
    generator: torch.nn.Module | None = None,
    discriminator: torch.nn.Module | None = None,
    loss: Loss | tuple[LossOfD, Callable[..., Tensor]] | None = None,
) -> Run:
    """A recorded run by its folder or its id (`python -m gandash runs`), whoever has played it. Raises BrokenRun, a ValueError.

    One that was played with modules or a loss of its own needs these again, as they were in the beginning.

    >>> import gandash, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     played = gandash.train("dirac-orbit", steps=5, out=folder)
    ...     gandash.open(folder).state == played.state
    True
    """
    found = Run(index.find(str(run)))
    if generator is None and discriminator is None and loss is None:
        return found
    return Run(found.directory, given=own_parts(found.stored.configs[0], generator, discriminator, loss))
