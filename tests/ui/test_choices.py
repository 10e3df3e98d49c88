"""What the page says is what the worker plays, whatever is chosen, in any order, and whenever another rerun interrupts.

A real page on a real run, with workers that only keep their settings. Interruptions are Streamlit's own: another rerun is
wanted when the script touches Streamlit for the k-th time since a choice, as the browser's word of a new game brings it about.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.scriptrunner import script_runner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest
from telling import line_facts

from gandash.config import GameConfig
from gandash.config.changes import with_live_settings
from gandash.config.data import Samples2DConfig, SamplesConfig, UploadedPicturesConfig
from gandash.config.data.pictures import made_up
from gandash.config.setting import setting_at, show
from gandash.packed import PackedPictures, pack_pictures, unpack_pictures
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.line import TOO_FAST, VANISHING
from gandash.server import members
from gandash.server import played as played_module
from gandash.server.health import Limits
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.ui import choices, controls, service
from gandash.ui import tab as tab_module
from gandash.ui.routes import VISITOR_COOKIE
from gandash.ui.words import maths
from gandash.uploads import guard
from gandash.wire.messages import Command, Restart, Rewind, Set, SetMany, Start, Started, StartedGame, Status, StatusChanged

PAGE = str(Path(__file__).parents[2] / "gandash" / "ui" / "pages.py")
LR_D = "discriminator_optimiser.learning_rate"
SHOWN = ("generator.width", "data", "data.scaling", "run.batch", "run.seed", "objective", "regulariser.r1", LR_D)
"""The settings whose widgets are drawn here: one of every sort. All of them would make a run of the page ten times slower."""

BUSY: Any = st.one_of(st.none(), st.integers(0, 60))
"""At which touch of Streamlit another rerun is wanted; None: at none."""

PRESSED: Any = st.one_of(st.none(), st.integers(1, 60))
"""The same for a button. Its first touch comes before Streamlit (1.67) has looked at what the browser sent, and a press that
another rerun overtakes there, a few milliseconds wide, is lost before any code of ours has run; other widgets say it again."""


PAIR = st.tuples(st.integers(0, 1), st.integers(0, 1))


class Widget(NamedTuple):
    """One that shows a setting, and what may be chosen in it."""

    kind: str
    name: str
    values: tuple[Any, ...]
    read: Callable[[GameConfig], Any]
    replaces: str = ""  # what its choice replaces beside its own setting


WIDGETS = (
    Widget("text_input", "run.batch", ("33", "44"), lambda c: str(c.run.batch)),
    Widget("text_input", "generator.width", ("7", "9"), lambda c: str(c.generator.width)),
    Widget("number_input", "run.seed", (5, 6), lambda c: c.run.seed),
    Widget("selectbox", "objective", ("minimax", "hinge"), lambda c: c.objective),
    Widget("selectbox", "data", ("uniform", "laplace"), lambda c: c.data.kind),
    Widget("text_input", LR_D, ("3e-4", "5e-4"), lambda c: show(c.discriminator_optimiser.learning_rate), LR_D),
    Widget("select_slider", f"{LR_D}/slider", (1e-3, 4e-3), lambda c: c.discriminator_optimiser.learning_rate, LR_D),
)


class Worker:
    """Keeps the settings it was given and answers as a worker does, once it is asked to catch up."""

    pid, is_alive, is_ready, has_spoken, delay = 1, True, True, True, ""

    def __init__(self) -> None:
        self.given = self.heard = self.answered = time.monotonic()
        self.configs: tuple[GameConfig, ...] = ()
        self.orders: list[Command] = []
        self.owner: Run | None = None

    def give_to(self, owner: Run) -> None:
        self.owner = owner

    def send(self, command: Command) -> None:
        self.orders.append(command)

    def catch_up(self) -> None:
        while self.orders:
            match self.orders.pop(0):
                case Start(generation=generation, configs=configs):
                    self.configs = configs
                    self._begun(generation)
                case Rewind(generation=generation):
                    self._begun(generation)
                case Set() as one:
                    self.configs = with_live_settings(self.configs, [(one.member, one.path, one.value)])
                case SetMany(changes=changes):
                    self.configs = with_live_settings(self.configs, [(c.member, c.path, c.value) for c in changes])

    def _begun(self, generation: int) -> None:
        games = tuple(StartedGame(config=c, changes=(), facts=line_facts("a")) for c in self.configs)
        assert self.owner is not None
        self.owner.on_event(self, Started(generation=generation, step=0, games=games))  # type: ignore[arg-type]
        self.owner.on_event(self, StatusChanged(generation=generation, status=Status.PAUSED, step=0))  # type: ignore[arg-type]

    def end(self, patience_seconds: float = 0.0) -> None:
        self.is_alive = False

    kill = end

    def wait(self, timeout: float | None = None) -> int:
        return 0


class Interruption:
    """Wants another rerun at the k-th touch, with what the widgets held at the last request, as a browser would send it."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.held: RerunData | None = None

    def request(self, runner: Any, data: RerunData) -> Any:
        self.held = data
        return REQUEST(runner, data)

    def touch(self, runner: Any) -> None:
        if self.left is not None and runner._execing:
            self.left -= 1
            if self.left < 0:
                self.left = None
                assert self.held is not None
                states = WidgetStates()
                for widget in self.held.widget_states.widgets if self.held.widget_states else ():
                    if "trigger" not in str(widget.WhichOneof("value")):
                        states.widgets.append(widget)
                REQUEST(runner, replace(self.held, widget_states=states))
        TOUCH(runner)


REQUEST = script_runner.ScriptRunner.request_rerun
TOUCH = script_runner.ScriptRunner._maybe_handle_execution_control_request
interruption = Interruption()


def fake_pictures(files: guard.Files, side: int, channels: int, count: int, **_: Any) -> str:
    """In place of the reading process: as many pictures as the file has bytes, and other ones for other files."""
    n = min(count, sum(len(content) for _, content in files))
    made = unpack_pictures(made_up(side, channels, min(n, 32))).pixels
    return pack_pictures(PackedPictures(255 - made, None))


def few_groups(config: GameConfig) -> dict[str, Any]:
    return {name: few for name, own in GROUPS(config).items() if (few := [s for s in own if s.path in SHOWN])}


GROUPS = controls.groups


@contextmanager
def stood_in() -> Iterator[Supervisor]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Supervisor, "_keep_house", lambda self: None)
        keeper = Supervisor(Limits(runs=1000), Worker)  # type: ignore[arg-type]
        patch.setattr(service, "supervisor", lambda: keeper)
        patch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: secrets.token_hex(8)})
        patch.setattr(controls, "groups", few_groups)
        patch.setattr(guard, "read_pictures", fake_pictures)
        patch.setattr(script_runner.ScriptRunner, "request_rerun", lambda self, data: interruption.request(self, data))
        patch.setattr(
            script_runner.ScriptRunner, "_maybe_handle_execution_control_request", lambda self: interruption.touch(self)
        )
        yield keeper
        keeper.close()


class Page(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.context = stood_in()
        self.keeper = self.context.__enter__()
        self.lost = 0

    def teardown(self) -> None:
        interruption.left = None
        self.context.__exit__(None, None, None)

    # ------------------------------------------------------------------------------------------------------ looking

    @property
    def tab(self) -> Any:
        return self.page.session_state["tab"]

    @property
    def run(self) -> Run:
        return self.tab.run  # type: ignore[no-any-return]

    @property
    def worker(self) -> Worker:
        return self.run._worker  # type: ignore[return-value]

    @property
    def played(self) -> GameConfig:
        """What the worker plays of the game that the controls are for."""
        return self.worker.configs[self.tab.member or 0]

    @property
    def concerned(self) -> list[GameConfig]:
        """The games that a setting is for."""
        return list(self.worker.configs) if self.tab.member is None else [self.played]

    def widget(self, kind: str, key: str) -> Any:
        return getattr(self.page, kind)(key=self.tab.key(key))

    def of(self, kind: str, path: str) -> Any:
        return self.widget(kind, f"{self.tab.edition}/{path}")

    def act(self, widget: Any, busy: int | None) -> None:
        """Have the page run again after something was done to a widget, perhaps with another rerun in between."""
        interruption.left = busy
        self.page = widget.run()
        interruption.left = None
        assert not self.page.exception
        self.settle()

    def settle(self) -> None:
        """The worker follows, the browser hears of a new game and has the page run again."""
        generation = self.run._generation
        self.worker.catch_up()
        if self.run._generation != generation:
            said = [e.value for e in self.page.error]
            self.page.session_state["tab"].hear_of_a_game()
            self.page = self.page.run()
            assert [e.value for e in self.page.error] == said  # words stay until a person acts again
        self.check()

    def check(self) -> None:
        assert self.run.configs == self.worker.configs
        config = self.played
        assert self.of("text_input", LR_D).value == show(config.discriminator_optimiser.learning_rate)
        assert self.of("select_slider", LR_D + "/slider").value == controls.nearest_tick(setting_at(config, LR_D))
        assert self.of("text_input", "generator.width").value == show(config.generator.width)
        assert self.of("text_input", "run.batch").value == show(config.run.batch)
        assert self.of("selectbox", "data").value == config.data.kind
        assert self.of("selectbox", "objective").value == config.objective
        if isinstance(config.data, SamplesConfig | Samples2DConfig):
            assert self.of("selectbox", "data.scaling").value == config.data.scaling
        if isinstance(config.data, UploadedPicturesConfig):
            channels, side, _ = config.data.shape
            assert self.widget("selectbox", "pictures/side").value == side
            assert self.widget("selectbox", "pictures/colour").value == ("colour" if channels == 3 else "grey")
            assert len(config.data.chosen()[0]) <= self.widget("number_input", "pictures/count").value
        preset = PRESETS[self.widget("selectbox", "preset").value]
        assert self.run.origin == preset.title
        promises = maths(preset.watch) in [c.value for c in self.page.caption]
        same = self.run._origin.begun == (preset.config.replace("run.seed", self.run._origin.begun[0].run.seed),)
        assert promises == same == (self.run.title == preset.title)
        if len(self.run.configs) > 1:
            assert self.of("selectbox", "member").value == (choices.ALL if self.tab.member is None else self.tab.member)

    @property
    def refused(self) -> bool:
        return bool(self.page.error)

    # ----------------------------------------------------------------------------------------------------- choosing

    @initialize()
    def open(self) -> None:
        self.page = AppTest.from_file(PAGE, default_timeout=120).run()
        assert not self.page.exception
        self.settle()

    @rule(width=st.integers(2, 40), busy=BUSY)
    def choose_a_setting_that_restarts(self, width: int, busy: int | None) -> None:
        self.act(self.of("text_input", "generator.width").set_value(str(width)), busy)
        assert self.refused or all(c.generator.width == width for c in self.concerned)

    @rule(batch=st.integers(2, 99), busy=BUSY)
    def choose_a_count_that_acts_live(self, batch: int, busy: int | None) -> None:
        self.act(self.of("text_input", "run.batch").set_value(str(batch)), busy)
        assert all(c.run.batch == batch for c in self.concerned)

    @rule(rate=st.sampled_from(["1e-3", "7.3e-4", "nonsense", "0.5"]), busy=BUSY)
    def choose_a_live_setting(self, rate: str, busy: int | None) -> None:
        self.act(self.of("text_input", LR_D).set_value(rate), busy)
        if rate == "nonsense":
            assert self.refused
        else:
            assert all(c.discriminator_optimiser.learning_rate == float(rate) for c in self.concerned)

    @rule(rate=st.sampled_from([1e-3, 5e-4]), busy=BUSY)
    def drag_a_slider(self, rate: float, busy: int | None) -> None:
        self.act(self.of("select_slider", LR_D + "/slider").set_value(rate), busy)
        near = [controls.nearest_tick(setting_at(c, LR_D)) for c in self.concerned]
        assert near == [rate] * len(near)

    @rule(name=st.sampled_from([DEFAULT.name, TOO_FAST.name, VANISHING.name]), busy=BUSY)
    def choose_a_preset(self, name: str, busy: int | None) -> None:
        before = self.worker.configs, self.widget("selectbox", "preset").value
        self.act(self.widget("selectbox", "preset").set_value(name), busy)
        assert self.worker.configs == ((PRESETS[name].config,) if name != before[1] else before[0])

    @precondition(lambda self: any(b.key == "reset" for b in self.page.button))
    @rule(busy=PRESSED)
    def go_back_to_the_preset(self, busy: int | None) -> None:
        name = self.widget("selectbox", "preset").value
        self.act(self.widget("button", "reset").click(), busy)
        assert self.worker.configs == (PRESETS[name].config,) and self.run.title == PRESETS[name].title

    @rule(kind=st.sampled_from(["uniform", "samples", "uploaded_pictures", "uploaded_pictures"]), busy=BUSY)
    def choose_data(self, kind: str, busy: int | None) -> None:
        self.act(self.of("selectbox", "data").set_value(kind), busy)
        assert self.refused or all(c.data.kind == kind for c in self.concerned)

    # -------------------------------------------------------------------------------------------------------- files

    @precondition(lambda self: isinstance(self.played.data, SamplesConfig | Samples2DConfig))
    @rule(rows=st.integers(3, 9), columns=st.sampled_from([1, 2]), busy=BUSY)
    def upload_a_table(self, rows: int, columns: int, busy: int | None) -> None:
        content = "\n".join(",".join(str(i * (c + 1) + c * i * i) for c in range(columns)) for i in range(rows))
        self.act(self.widget("file_uploader", "upload").set_value((f"{rows}.csv", content.encode(), "text/csv")), busy)
        assert self.refused or self.played.data.summary().startswith(f"uploaded, {rows} ")

    @precondition(lambda self: isinstance(self.played.data, UploadedPicturesConfig))
    @rule(n=st.integers(3, 30), busy=BUSY)
    def upload_pictures(self, n: int, busy: int | None) -> None:
        count = self.widget("number_input", "pictures/count").value
        self.act(self.widget("file_uploader", "pictures/files").set_value([("a.npy", bytes(n), "")]), busy)
        assert len(self.played.data.chosen()[0]) == min(n, count)

    @precondition(lambda self: isinstance(self.played.data, UploadedPicturesConfig))
    @rule(side=st.sampled_from([8, 16, 28, 32]), busy=BUSY)
    def choose_a_side(self, side: int, busy: int | None) -> None:
        many = len(self.played.data.chosen()[0])
        self.act(self.widget("selectbox", "pictures/side").set_value(side), busy)
        assert self.played.data.shape[1] == side and len(self.played.data.chosen()[0]) == many

    @precondition(lambda self: isinstance(self.played.data, UploadedPicturesConfig))
    @rule(colour=st.sampled_from(["grey", "colour"]), busy=BUSY)
    def choose_a_colour(self, colour: str, busy: int | None) -> None:
        self.act(self.widget("selectbox", "pictures/colour").set_value(colour), busy)
        assert self.played.data.shape[0] == (3 if colour == "colour" else 1)

    @precondition(lambda self: isinstance(self.played.data, UploadedPicturesConfig))
    @rule(count=st.integers(2, 40), busy=BUSY)
    def choose_a_count(self, count: int, busy: int | None) -> None:
        self.act(self.widget("number_input", "pictures/count").set_value(count), busy)
        assert self.widget("number_input", "pictures/count").value == count >= len(self.played.data.chosen()[0])

    @precondition(lambda self: isinstance(self.played.data, UploadedPicturesConfig))
    @rule(busy=BUSY)
    def take_the_files_away(self, busy: int | None) -> None:
        before = self.worker.configs
        self.act(self.widget("file_uploader", "pictures/files").set_value([]), busy)
        assert self.worker.configs == before

    # ---------------------------------------------------------------------------------------------- several games

    @precondition(lambda self: len(self.run.configs) == 1)
    @rule(busy=PRESSED)
    def compare_seeds(self, busy: int | None) -> None:
        self.before = self.run.configs
        self.act(self.of("selectbox", "compare/path").set_value("run.seed"), None)
        self.of("text_input", "compare/run.seed").set_value("1, 2, 3")
        self.act(self.widget("button", "compare").click(), busy)
        assert [c.run.seed for c in self.worker.configs] == [1, 2, 3]

    @precondition(lambda self: len(self.run.configs) > 1)
    @rule(member=st.sampled_from([choices.ALL, 0, 2]), busy=BUSY)
    def choose_a_member(self, member: int, busy: int | None) -> None:
        self.act(self.of("selectbox", "member").set_value(member), busy)
        assert self.tab.member == (None if member == choices.ALL else member)

    @precondition(lambda self: len(self.run.configs) > 1)
    @rule(busy=PRESSED)
    def end_the_comparison(self, busy: int | None) -> None:
        self.act(self.widget("button", "end").click(), busy)
        assert self.worker.configs == self.before

    @precondition(lambda self: len(self.run.configs) > 1 and self.tab.member is not None)
    @rule(busy=PRESSED)
    def play_one_alone(self, busy: int | None) -> None:
        chosen = self.played
        self.act(self.widget("button", "alone").click(), busy)
        assert self.worker.configs == (chosen,)

    # ---------------------------------------------------------------------------------------- more than one at a time

    def send(self, states: WidgetStates, hears: bool = True) -> None:
        """What a browser's widgets hold, perhaps of a page that has been drawn anew since; `hears`: then of a new game."""
        self.page = self.page._run(states)
        assert not self.page.exception
        if hears:
            self.settle()

    def hold(self, widget: Any, value: Any) -> WidgetStates:
        widget.set_value(value)
        states: WidgetStates = self.page._tree.get_widget_states()
        return states

    @rule(first=st.sampled_from(WIDGETS), second=st.sampled_from(WIDGETS), values=PAIR, hears=st.booleans())
    def choose_twice_before_the_page_is_drawn_anew(
        self, first: Widget, second: Widget, values: tuple[int, int], hears: bool
    ) -> None:
        """The second choice is made in the widgets that the first one has replaced by the time it arrives."""
        one, two = first.values[values[0]], second.values[values[1]]
        if second is not first and self.of(second.kind, second.name).value == two:
            return  # it shows that already: nobody can choose it there
        before = self.hold(self.of(first.kind, first.name), one)
        after = self.hold(self.of(second.kind, second.name), two)
        self.send(before, hears)
        was_refused = self.refused
        self.send(after)
        assert self.refused or all(second.read(c) == two for c in self.concerned)
        if not was_refused and first.name != second.name and not (first.replaces and first.replaces == second.replaces):
            assert all(first.read(c) == one for c in self.concerned)

    @rule(widget=st.sampled_from(WIDGETS), value=st.integers(0, 1), times=st.integers(1, 5))
    def hear_the_same_again(self, widget: Widget, value: int, times: int) -> None:
        """Another rerun, before the browser has the new widgets: it says what it has said, and no word comes of it."""
        states = self.hold(self.of(widget.kind, widget.name), widget.values[value])
        self.send(states, False)
        played = self.run.configs, [e.value for e in self.page.error]
        for _ in range(times):
            self.page.session_state["tab"].hear_of_a_game()
            self.send(states, False)
            assert (self.run.configs, [e.value for e in self.page.error]) == played
        self.settle()

    # ------------------------------------------------------------------------------------------------ what happens

    @rule()
    def reload(self) -> None:
        run, member = self.run, self.tab.member
        self.page = AppTest.from_file(PAGE, default_timeout=120)
        self.page.query_params["run"] = run.id
        self.page.run()
        assert not self.page.exception and self.run is run and self.tab.member == member
        self.check()

    @rule()
    def lose_the_worker(self) -> None:
        self.run._recovery.reset_crashes()
        self.run.on_exit(self.worker, "a test")  # type: ignore[arg-type]
        self.settle()


TestPage = Page.TestCase
TestPage.settings = settings(
    max_examples=15, stateful_step_count=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("act", ["side", "setting", "preset", "compare"])
def test_no_moment_of_a_rerun_loses_a_choice(act: str) -> None:
    """The same choice interrupted at every touch in turn, from the first to one beyond its last callback."""
    machine = Page()
    try:
        machine.open()
        for busy in range(12):
            match act:
                case "side":
                    machine.choose_a_preset(VANISHING.name if busy % 2 else DEFAULT.name, None)
                    machine.choose_data("uploaded_pictures", None)
                    machine.upload_pictures(9, None)
                    machine.choose_a_side(28, busy)
                case "setting":
                    machine.choose_a_setting_that_restarts(20 + busy, busy)
                case "preset":
                    machine.choose_a_preset(TOO_FAST.name if busy % 2 else DEFAULT.name, busy)
                case _:
                    machine.compare_seeds(busy + 1)
                    machine.end_the_comparison(busy + 1)
    finally:
        machine.teardown()


@pytest.mark.parametrize(("first", "second"), [(LR_D, f"{LR_D}/slider"), (f"{LR_D}/slider", LR_D), ("data", "data")])
def test_a_widget_that_was_replaced_meanwhile_is_heard(first: str, second: str) -> None:
    """Slider and text of one setting, each replaced as the other is moved; and a kind of data, chosen and given up again."""
    machine, widgets = Page(), {widget.name: widget for widget in WIDGETS}
    try:
        machine.open()
        machine.act(machine.of("selectbox", "data").set_value(widgets["data"].values[1]), None)
        for hears in (False, True):
            machine.choose_twice_before_the_page_is_drawn_anew(widgets[first], widgets[second], (0, 1), hears)
    finally:
        machine.teardown()


def test_what_was_set_before_the_game_began_is_never_seen_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's word that a game has begun tells the settings that it began with, and reaches us on a thread of its own."""
    machine, seen = Page(), []
    try:
        machine.open()
        assert not machine.run.reconfigure(machine.run.config.replace("generator.width", 7))
        assert not machine.run.reconfigure(wanted := machine.run.config.replace("objective", "minimax"))
        monkeypatch.setattr(played_module, "begun", lambda *args: (seen.append(machine.run.configs), members.begun(*args))[1])
        machine.settle()
        assert seen == [(wanted,)] and machine.run.configs == (wanted,)
    finally:
        machine.teardown()


def test_a_choice_undoes_nothing_that_the_live_view_asks_for_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new seed, asked for between the choice's reading of the settings and their being played."""
    machine, replaced, orders = Page(), choices.replaced, []

    def interrupted(*args: Any) -> GameConfig:
        with ThreadPoolExecutor(1) as other:
            if is_free := other.submit(machine.run._lock.acquire, False).result():
                other.submit(machine.run._lock.release).result()
        orders.append(threading.Thread(target=machine.run.order, args=(Restart(new_seed=True),)))
        orders[0].start()
        if is_free:  # else it waits until the choice has been followed
            orders[0].join()
        return replaced(*args)

    try:
        machine.open()
        seed = machine.played.run.seed
        monkeypatch.setattr(choices, "replaced", interrupted)
        machine.page = machine.of("text_input", "run.batch").set_value("17").run()
        orders[0].join()
        machine.settle()
        assert (machine.played.run.batch, machine.played.run.seed) == (17, seed + 1)
    finally:
        machine.teardown()


def test_pictures_whose_files_had_to_go_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest run's files make room; with those of the newest another side can still be chosen after a reload."""
    machine, other = Page(), None
    try:
        machine.open()
        machine.choose_data("uploaded_pictures", None)
        machine.upload_pictures(9, None)
        machine.reload()
        machine.choose_a_side(28, None)
        before = machine.worker.configs
        monkeypatch.setattr(tab_module, "KEPT_MEGABYTES", 10 / 2**20)
        other = machine.keeper.create(DEFAULT.config, "another's")
        tab_module.keep_upload(other, replace(tab_module.kept(machine.run).upload, offered=None))  # 9 bytes of its own
        machine.reload()
        machine.act(machine.widget("selectbox", "pictures/side").set_value(32), None)
        assert "choose the files again" in machine.page.error[0].value
        assert machine.worker.configs == before and machine.widget("selectbox", "pictures/side").value == 28
        machine.upload_pictures(5, None)
        machine.choose_a_side(32, None)
    finally:
        machine.teardown()
