"""What a server plays, and what it refuses as too large, by whichever door it comes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from store.writing_runs import manifest

from gandash.config import GameConfig, RunConfig, bytes_per_step, flop_per_step
from gandash.config.data import DigitsConfig, UploadedPicturesConfig
from gandash.config.networks import ConvolutionConfig
from gandash.config.setting import SettingError
from gandash.server.admission import MAX_FLOP_PER_STEP, Refusal, check_affordable
from gandash.server.health import Limits
from gandash.server.supervisor import Supervisor
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter
from gandash.ui import choices
from gandash.ui.tab import Tab
from gandash.wire.messages import Command, Set, SetMany, Start

LARGE = GameConfig().replace_all(
    [
        *((f"{player}.{name}", n) for player in ("generator", "discriminator") for name, n in (("width", 1024), ("depth", 3))),
        ("run.batch", 2048),
    ]
)
"""A game on the line that is just admitted: neither a batch twice as large is, nor two such games."""


class Worker:
    """Takes orders, and does nothing."""

    pid, is_alive, is_ready, has_spoken = 1, True, True, True

    def __init__(self) -> None:
        self.orders: list[Command] = []

    def send(self, command: Command) -> None:
        self.orders.append(command)

    def give_to(self, owner: object) -> None: ...

    def end(self) -> None: ...

    def wait(self) -> None: ...


class House(NamedTuple):
    keeper: Supervisor
    workers: list[Worker]

    @property
    def played(self) -> list[tuple[GameConfig, ...]]:
        """All games that workers were ever asked to begin."""
        return [order.configs for worker in self.workers for order in worker.orders if isinstance(order, Start)]

    @property
    def changed(self) -> list[Command]:
        return [order for worker in self.workers for order in worker.orders if isinstance(order, Set | SetMany)]


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(Supervisor, "_keep_house", lambda self: None)
    workers: list[Worker] = []

    def start() -> Worker:
        workers.append(Worker())
        return workers[-1]

    keeper = Supervisor(Limits(), start)  # type: ignore[arg-type]
    yield House(keeper, workers)
    keeper.close()


def test_an_absurd_cost_is_refused_with_the_estimate() -> None:
    config = GameConfig().replace_all([("generator.width", 4096), ("generator.depth", 8), ("run.batch", 65536)])
    with pytest.raises(SettingError) as caught:
        check_affordable([config])
    cost = f"{flop_per_step(config):.1e}"
    for expected in ("generator.width", "run.batch", cost, "at most 2e+11 are allowed", "Try narrower", "a smaller batch"):
        assert expected in str(caught.value)


def test_a_game_that_needs_too_much_memory_is_refused_with_the_estimate() -> None:
    config = GameConfig().replace_all(
        [("discriminator.width", 2048), ("discriminator.depth", 1), ("run.batch", 65536), ("regulariser.r1", 0)]
    )
    assert flop_per_step(config) < MAX_FLOP_PER_STEP and bytes_per_step(config) == 16 * 65536 * 2 * 2048
    with pytest.raises(SettingError, match=r"discriminator\.width.* about 4\.3 GB of memory; at most 2 GB .* smaller batch"):
        check_affordable([config])


def test_maps_that_need_too_much_memory_are_refused_by_their_channels() -> None:
    maps = ConvolutionConfig(channels=128)
    config = GameConfig(data=DigitsConfig(), generator=maps, discriminator=maps, run=RunConfig(batch=65536))
    with pytest.raises(SettingError, match=r"^generator\.channels, discriminator\.channels, run\.batch: "):
        check_affordable([config])


def test_what_two_can_afford_apart_they_may_not_together() -> None:
    check_affordable([LARGE])
    with pytest.raises(Refusal, match="Together these 2 games need about"):
        check_affordable([LARGE, LARGE.replace("run.seed", 1)])


class Picture(NamedTuple):
    """A file as Streamlit gives it."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def getvalue(self) -> bytes:
        return self.content


def pictures_file() -> Picture:
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8))
    return Picture("many.npy", stream.getvalue())


AS_PICTURES = {"kind": "uploaded_pictures"}


@pytest.mark.parametrize(
    ("begun", "act", "args", "words"),
    [
        pytest.param(LARGE, choices.setting, ("run.batch", 1, "4096"), "**G Width, D Width, Batch size", id="live"),
        pytest.param(LARGE, choices.setting, ("generator.width", 1, "4096"), "**G Width, D Width, Batch size", id="restart"),
        pytest.param(LARGE, choices.compare, ("run.batch", "64, 4096"), "**G Width, D Width, Batch size", id="compare one"),
        pytest.param(LARGE, choices.compare, ("run.seed", "1, 2"), "Together these 2 games", id="compare"),
        pytest.param(
            LARGE.replace_all([("data", AS_PICTURES), ("discriminator.depth", 2)]),
            choices.pictures,
            ((pictures_file(),), None, 32, "colour", 5000),
            "**G Width, D Width, Batch size",
            id="upload",
        ),
    ],
)
def test_no_choice_at_the_page_brings_in_a_game_that_is_too_large(
    house: House, begun: GameConfig, act: Callable[..., str], args: tuple[Any, ...], words: str
) -> None:
    """The words name the controls; the game goes on as it was."""
    tab = Tab()
    run = house.keeper.create(begun, "large")
    tab.attach(run)
    tab.draw()
    assert tab.edition == 1
    tab.note(act, *args)
    tab.follow([])
    assert len(tab.trouble) == 1 and tab.trouble[0].startswith(words) and "are allowed" in tab.trouble[0]
    assert run.configs == (begun,) and house.played == [(begun,)] and not house.changed


def test_an_upload_that_is_taken_is_played(house: House) -> None:
    """So that the refusal above is for its size, not for the file."""
    tab = Tab()
    tab.attach(house.keeper.create(GameConfig().replace_all([("data", AS_PICTURES)]), "small"))
    assert choices.pictures(tab, (pictures_file(),), None, 32, "colour", 5000) == ""
    data = house.played[-1][0].data
    assert isinstance(data, UploadedPicturesConfig) and data.shape == (3, 32, 32)


def test_a_live_change_by_socket_is_refused_where_it_makes_games_too_large(house: House) -> None:
    run = house.keeper.create(LARGE, "large")
    assert "generator.width, discriminator.width, run.batch" in run.order(Set(path="run.batch", value=4096))
    four = [LARGE.replace_all([("run.batch", 256), ("run.seed", seed)]) for seed in range(4)]
    assert run.compare(four) == "" and run.configs == tuple(four)
    assert "Together these 4 games" in run.order(Set(path="run.batch", value=2048))
    assert run.configs == tuple(four) and not house.changed
    assert run.order(Set(path="run.batch", value=300)) == "" and len(house.changed) == 1


def test_a_large_record_is_opened_and_no_server_plays_it(house: House, tmp_path: Path) -> None:
    """A record belongs to the machine that it is opened on; to be played on a server it is a game like any other."""
    config = LARGE.replace("run.batch", 4096)
    RunWriter(tmp_path, manifest(configs=(config.model_dump(mode="json"),))).close()
    (opened,) = StoredRun(tmp_path).configs
    assert opened == config
    with pytest.raises(SettingError, match=r"at most 2e\+11 are allowed"):
        house.keeper.create(opened, "of a record")
    assert not house.played and not house.keeper.runs and not any(house.keeper._directory.iterdir())
    run = house.keeper.create(GameConfig(), "small")
    with pytest.raises(SettingError, match=r"at most 2e\+11 are allowed"):
        run.begin_anew(opened, "of a record", None)
    assert run.configs == (GameConfig(),) and len(house.played) == 1
