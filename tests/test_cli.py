"""The command line: what it prints, what it keeps, and how it refuses."""

from __future__ import annotations

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from playing import Played
from waiting import PATIENCE_SECONDS

from gandash import __version__
from gandash.cli import cli, configure
from gandash.cli.helping import columns
from gandash.config import GameConfig, parse_config
from gandash.config.data import GaussianConfig, MixtureConfig, UniformConfig, UploadedPicturesConfig
from gandash.config.data.pictures import PICTURE_LATENT
from gandash.config.networks import MLPConfig, PointConfig
from gandash.config.setting import SettingError, settings
from gandash.diagnostics.measure import READINGS
from gandash.game.compiled import disk_cache, making
from gandash.game.round import Players
from gandash.headless import playing
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import GROUPS, Preset
from gandash.runs.replaying import Replayed, at_the_beginning
from gandash.runs.replaying import replay as play_again
from gandash.server import admission, compiling
from gandash.store.format import MANIFEST
from gandash.store.reading import StoredRun
from gandash.wire.frame import finite
from gandash.worker import recording
from gandash.worker.keyframe import read as read_keyframe
from gandash.worker.observer import COLUMNS
from gandash.worker.trajectory import Trajectory

pytestmark = pytest.mark.usefixtures("torch_as_before")

ROOT = Path(__file__).parents[1]
TINY = [
    *("--set", "generator.width=3", "--set", "generator.depth=1", "--set", "run.batch=4"),
    *("--set", "discriminator.width=3", "--set", "discriminator.depth=1"),
]
TINY_CHANGES = [(path, int(value)) for path, value in (text.split("=") for text in TINY[1::2])]
EXPLODING = [
    *("--set", 'generator_optimiser={"kind": "gradient_descent", "learning_rate": 10}'),
    *("--set", 'discriminator_optimiser={"kind": "gradient_descent", "learning_rate": 10}'),
]


def call(*args: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(cli, list(args), input=stdin)


def strict_json(text: str) -> Any:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def train(*args: str) -> dict[str, Any]:
    result = call("train", *TINY, "--json", *args)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = strict_json(result.stdout)
    return found


def replay(directory: Path) -> Replayed:
    """The run that is kept there, played again; all states that it knows come about again."""
    run = StoredRun(directory)
    replayed = play_again(run, at_the_beginning(run))
    assert replayed.agrees
    return replayed


def last_kept(directory: Path) -> Trajectory:
    """The newest state that is kept there."""
    run = StoredRun(directory)
    return read_keyframe(run, run.keyframes[-1]).trajectories[0]


def assert_refused(result: Result, *told: str, status: int = 2) -> None:
    """One clear line on stderr, nothing on stdout."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("Error: "), result.stderr
    for words in told:
        assert words in result.stderr


# --------------------------------------------------------------------------------------------------------------- looking


def test_help_names_the_commands() -> None:
    result = call("--help")
    assert result.exit_code == 0
    assert {"train", "presets", "schema"} <= {line.split()[0] for line in result.stdout.splitlines() if line.strip()}
    assert "--set PATH=VALUE" in call("train", "--help").stdout


def test_version() -> None:
    assert __version__ in call("--version").stdout


def test_presets_are_listed_with_their_promises() -> None:
    words = call("presets").stdout.split()
    for preset in PRESETS.values():
        assert preset.name in words
        assert " ".join(preset.promise.split()) in " ".join(words)
        assert " ".join(preset.teaches.split()) in " ".join(words)
    assert call("presets", "--markdown").stdout == (ROOT / "gandash" / "presets" / "PRESETS.md").read_text(encoding="utf-8")
    assert [line for line in call("presets").stdout.splitlines() if line in GROUPS.values()] == list(GROUPS.values())
    assert {e["name"]: e["group"] for e in strict_json(call("presets", "--json").stdout)} == {
        p.name: p.group for p in PRESETS.values()
    }


def test_presets_as_json_hold_their_configs() -> None:
    listed = strict_json(call("presets", "--json").stdout)
    assert {entry["name"]: parse_config(entry["config"]) for entry in listed} == {
        name: preset.config for name, preset in PRESETS.items()
    }


def test_the_schema_tells_what_the_page_knows() -> None:
    schema = strict_json(call("schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for found in settings(GameConfig()):
        *parents, last = found.path.split(".")
        place = schema
        for name in parents:
            place = place["properties"][name]
            if "oneOf" in place:
                kind = getattr(GameConfig(), name).kind
                place = {"$ref": place["discriminator"]["mapping"][kind]}
            place = schema["$defs"][place["$ref"].split("/")[-1]]
        declared = place["properties"][last]
        assert declared["title"] == found.label
        assert declared["description"] == found.help
        assert declared["gandash"]["live"] is found.live
        assert declared["gandash"]["choices"] == found.choices


@pytest.mark.parametrize("name", PRESETS)
def test_the_schema_takes_every_preset(name: str) -> None:
    validator = jsonschema.Draft202012Validator(strict_json(call("schema").stdout))
    dumped = PRESETS[name].config.model_dump(mode="json")
    validator.validate(dumped)
    assert not validator.is_valid(dumped | {"run": {"batch": 0}})
    assert not validator.is_valid(dumped | {"rnu": {}})


def test_neither_looking_nor_refusing_waits_for_torch() -> None:
    """A process of its own: this one has imported torch long ago."""
    script = (
        "import sys, click\nfrom gandash.cli import cli\n"
        "for args in (['presets'], ['presets', '--json'], ['schema'], ['--help'], ['train', '--help']):\n"
        "    cli.main(args, standalone_mode=False)\n"
        "for args in (['train', '--out', '.'], ['train', '--set', 'run.batch=0'], ['train', '--config', '.']):\n"
        "    try:\n"
        "        cli.main(args, standalone_mode=False)\n"
        "    except click.UsageError:\n"
        "        pass\n"
        "assert not {'torch', 'streamlit', 'plotly'} & set(sys.modules), 'imported too much'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_real_process_in_a_terminal_of_any_encoding(encoding: str) -> None:
    """Latin-1 has neither β nor −: prose loses the sign, JSON escapes it."""

    def run(*args: str) -> str:
        command = [sys.executable, "-m", "gandash", *args]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE_SECONDS)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout.decode(encoding)

    assert ("−log 4" if encoding == "utf-8" else "?log 4") in run("presets")
    schema = run("schema")
    assert ("β₁" if encoding == "utf-8" else "\\u03b2\\u2081") in schema
    assert strict_json(schema) == strict_json(call("schema").stdout)


@pytest.mark.parametrize(
    ("named", "heading", "what_it_does", "refused"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "选项：", "训练一个博弈", "是否想写 run.batch"),
        ({"LANG": "en_US.UTF-8", "GANDASH_LANG": "zh-Hant"}, "選項：", "訓練一個博弈", "是否想寫 run.batch"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "Options:", "Train one game", "did you mean run.batch"),
    ],
)
def test_it_speaks_the_language_of_who_calls(named: dict[str, str], heading: str, what_it_does: str, refused: str) -> None:
    of_language = {"LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "GANDASH_LANG"}
    environment = {name: value for name, value in os.environ.items() if name not in of_language}
    environment |= {"PYTHONUTF8": "1"} | named

    def said(*args: str) -> str:
        command = [sys.executable, "-m", "gandash", *args]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE_SECONDS)
        return (done.stdout + done.stderr).decode()

    help = said("train", "--help")
    assert heading in help and what_it_does in help
    assert all(columns(line) <= 80 for line in help.splitlines() if "python -m" not in line)
    assert refused in said("train", "--set", "run.bach=3")


# -------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("changes", "data"),
    [
        ([("data", "uniform")], UniformConfig()),
        ([("data", {"kind": "uniform"})], UniformConfig()),
        ([("data.kind", "uniform")], UniformConfig()),
        ([("data.kind", "uniform"), ("data.low", 2), ("data.high", 3)], UniformConfig(low=2, high=3)),  # crossed on the way
        ([("data", {"kind": "uniform", "low": 2}), ("data.high", 3)], UniformConfig(low=2, high=3)),
        ([("data.std", 0.2), ("data", "gaussian")], GaussianConfig()),
        ([("data.std", 0.2), ("data", "mixture")], MixtureConfig()),
        ([("data.std", 9), ("data.std", 0.3)], MixtureConfig(std=0.3)),
        ([("data.means", [0, 1, 2]), ("data.weights", [1, 2, 1])], MixtureConfig(means=(0, 1, 2), weights=(1, 2, 1))),
    ],
)
def test_settings_are_changed_in_order_and_judged_together(changes: list[tuple[str, Any]], data: object) -> None:
    assert configure(GameConfig(), changes) == GameConfig().model_copy(update={"data": data})


def test_a_kind_that_is_a_plain_setting_stays_one() -> None:
    config = configure(GameConfig(), [("latent.dimension", 3), ("latent.kind", "uniform")])
    assert (config.latent.kind, config.latent.dimension) == ("uniform", 3)


def test_a_group_may_be_replaced_and_then_changed() -> None:
    config = configure(GameConfig(), [("generator", {"width": 5}), ("generator.depth", 3), ("run.seed", 4)])
    assert config.generator == MLPConfig(width=5, depth=3) and config.run.seed == 4


@pytest.mark.parametrize(
    ("changes", "generator"),
    [
        ([("generator", "point")], PointConfig()),
        ([("generator.kind", "point"), ("generator.start", 2)], PointConfig(start=2)),
        ([("generator", {"kind": "point", "start": 3})], PointConfig(start=3)),
        ([("generator", "point"), ("generator", {"width": 5})], MLPConfig(width=5)),  # as in a file: an MLP unless it says
        ([("generator", "point"), ("generator", "mlp"), ("generator.width", 7)], MLPConfig(width=7)),
        ([("generator.normalisation", "layer"), ("generator.width", 7)], MLPConfig(width=7, normalisation="layer")),
    ],
)
def test_a_network_is_of_the_kind_it_says(changes: list[tuple[str, Any]], generator: object) -> None:
    assert configure(GameConfig(), changes) == GameConfig().model_copy(update={"generator": generator})


def test_a_file_from_before_networks_had_kinds_still_loads(tmp_path: Path) -> None:
    old = GameConfig().model_dump(mode="json")
    for player in ("generator", "discriminator"):
        for newer in ("kind", "pieces", "normalisation", "dropout", "spread", "gain"):
            del old[player][newer]
    old["regulariser"] = {"r1": old["regulariser"]["r1"]}
    del old["update_rule"]["first"]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(old))
    wanted = configure(GameConfig(), TINY_CHANGES).model_dump(mode="json")
    assert train("--config", str(file), "--steps", "1")["config"] == wanted


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("transformer", "mlp, convolutional, point"),
        ({"kind": "linear"}, "mlp, convolutional, point"),
        (3, "mlp, convolutional, point"),
    ],
)
def test_a_network_of_no_kind_there_is_is_refused(kind: Any, allowed: str) -> None:
    with pytest.raises(SettingError, match=f"its kind must be one of {allowed}"):
        configure(GameConfig(), [("generator", kind)])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("data", "gauss")], "data: given gauss; its kind must be one of gaussian, mixture, uniform"),
        ([("data.kind", 3)], "data: given 3; its kind must be one of"),
        ([("data", None)], "data: given null; its kind must be one of"),
        ([("data", {"low": 1})], 'data: given {"low": 1}; its kind must be one of'),
        ([("data", {"kind": ["uniform"]})], 'data: given ["uniform"]; its kind must be one of'),
        ([("data", "uniform"), ("data.std", 1)], "data.std: given 1; there is no such setting"),
        ([("data", {"kind": "uniform", "std": 1})], "data.std: given 1; there is no such setting"),
        ([("data", "uniform"), ("data.low", 5)], "data.high: "),
        ([("generator", 5), ("generator.width", 3)], "generator: given 5"),
        ([("generator.widht", 3)], "did you mean generator.width"),
        ([("run.batch.size", 3)], "run.batch.size: given 3; there is no such setting"),
        ([("run.batch", 0)], "run.batch: given 0; input should be greater than or equal to 1"),
        ([("run.batch", float("nan"))], "run.batch: given NaN"),
        ([("run.batch", 10**4000)], "run.batch: given 1000"),
    ],
)
def test_a_change_that_does_not_fit_names_the_field(changes: list[tuple[str, Any]], told: str) -> None:
    with pytest.raises(SettingError) as caught:
        configure(GameConfig(), changes)
    assert told in str(caught.value)


# -------------------------------------------------------------------------------------------------------------- training


def test_the_result_as_json() -> None:
    report = train("--steps", "25", "--seed", "3")
    assert report["steps"] == 25 and report["diverged"] is False
    assert report["steps_per_second"] == pytest.approx(25 / report["seconds"])
    assert list(report["metrics"]) == list(COLUMNS)
    assert list(report["measurement"]) == [*READINGS, "floors"]
    assert 0 < report["measurement"]["floors"]["jsd"]["mean"] < report["measurement"]["jsd"]
    assert report["verdict"]["kind"] == "waiting"
    config = parse_config(report["config"])
    assert (config.run.seed, config.run.batch, config.generator.width) == (3, 4, 3)

    session = Played(config)
    for _ in range(25):
        session.advance()
    assert list(report["metrics"].values()) == finite(session.drain().values[-1].tolist())
    assert report["measurement"]["jsd"] == session.measurement().readings["jsd"]


def test_it_is_played_by_whom_one_asks_for_and_the_record_says_so(tmp_path: Path) -> None:
    reports = {}
    for engine in ("torch", "compiled"):
        reports[engine] = train("--steps", "5", "--set", "run.batch=16", "--engine", engine, "--out", str(tmp_path / engine))
        assert (reports[engine]["engine"],) == StoredRun(tmp_path / engine).manifest.engines == (engine,)
        assert replay(tmp_path / engine).games.trajectories[0].engine == engine
    assert reports["torch"]["metrics"] != reports["compiled"]["metrics"]


def test_what_compiled_rounds_do_not_cover_is_refused() -> None:
    result = call("train", "--preset", "discs-and-squares", "--steps", "5", "--engine", "compiled")
    assert_refused(result, "--engine compiled", "plain MLPs", "leave it out")


@pytest.mark.parametrize("asked", [(), ("--engine", "compiled")], ids=["not asked", "asked"])
def test_who_does_not_ask_for_compiled_rounds_does_not_wait_for_them(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    did: list[str] = []
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")
    monkeypatch.setattr(disk_cache, "is_ready", lambda: False)
    monkeypatch.setattr(making, "make_ready", lambda: did.append("waited"))
    monkeypatch.setattr(compiling, "start", lambda **_: did.append("begun beside it"))
    result = call("train", "--steps", "3", "--set", "run.batch=16", "--json", *asked)
    assert strict_json(result.stdout)["engine"] == ("compiled" if asked else "torch")
    assert did == ["waited" if asked else "begun beside it"]
    assert ("half a minute" if asked else "played by torch") in result.stderr


def test_an_audit_waits_for_the_rounds_that_visitors_are_played(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")
    monkeypatch.setattr(disk_cache, "is_ready", lambda: bool(did))
    monkeypatch.setattr(making, "make_ready", lambda: did.append("waited"))
    result = call("audit", "dirac-cycle", "--steps", "1", "--json")
    assert "half a minute" in result.stderr and did == ["waited"] and strict_json(result.stdout)["audits"]


def test_the_result_for_a_reader() -> None:
    result = call("train", *TINY, "--steps", "3")
    assert (result.exit_code, result.stderr) == (0, "")  # stderr is no terminal here: no progress bar
    for words in ("3 in ", "seed 0", "JSD", "nats", "W1", "from 1/2", "-log 4 = -1.386"):
        assert words in result.stdout


def test_on_the_plane_the_reader_is_told_of_modes_and_of_the_sliced_distance() -> None:
    result = call("train", *TINY, "--set", "data=ring", "--set", "latent.dimension=2", "--steps", "3")
    assert result.exit_code == 0
    for words in (
        "sliced W1",
        "KL of modes",
        "it sees their shares alone",
        " of 8 captured",
        "high quality",
        "perfect G: 98.9 %",
    ):
        assert words in result.stdout
    assert re.search(r"JSD +0\.", result.stdout)


def test_a_run_is_kept_whole(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "first"
    report = train("--steps", "25", "--set", "data=uniform", "--out", str(out))
    run = StoredRun(out)
    assert report["kept_in"] == str(out) and run.manifest.columns == COLUMNS
    assert run.metrics().recent.steps.tolist() == list(range(1, 26)) and run.steps == 25
    last = dict(zip(COLUMNS, run.metrics().recent.values[-1].tolist(), strict=True))
    assert finite(last) == report["metrics"]
    assert run.verdicts[0] is not None and run.verdicts[0].kind == report["verdict"]["kind"]
    assert run.pictures() and run.picture(run.pictures()[-1])
    assert run.configs == (parse_config(report["config"]),) and run.changes == [[]]
    assert run.manifest.engines == (report["engine"],)

    kept, replayed = last_kept(out), replay(out)
    again = replayed.games.trajectories[0]
    assert kept.step == again.step == 25 and replayed.compared == (25,)
    for one, other in ((kept.state.theta, again.state.theta), (kept.state.phi, again.state.phi)):
        assert torch.equal(one, other)
    assert torch.equal(kept.streams.state(), again.streams.state())


def test_without_a_directory_it_is_kept_below_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setenv("GANDASH_RECORD", "1")
    report = train("--steps", "3", "--preset", "two-modes")
    (entry,) = strict_json(call("runs", "--json").stdout)
    assert (entry["steps"], entry["preset"], entry["owner"]) == (3, "two-modes", "")
    assert entry["title"] == f"{PRESETS['two-modes'].title} (changed)"
    assert Path(report["kept_in"]) == tmp_path / "runs" / entry["id"]
    result = call("replay", entry["id"])
    assert result.exit_code == 0 and "3 steps" in result.stdout and "are the same" in result.stdout

    monkeypatch.setenv("GANDASH_RECORD", "0")
    assert train("--steps", "3")["kept_in"] is None
    assert len(strict_json(call("runs", "--json").stdout)) == 1


@pytest.mark.parametrize("full", [False, True], ids=["no folder", "no room"])
def test_what_was_not_asked_to_be_kept_is_played_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    """A home that is a file, or where there is no more room: one line says so, and the result is the same."""
    home = tmp_path / "home"
    monkeypatch.setenv("GANDASH_RECORD", "1")
    monkeypatch.setenv("GANDASH_HOME", str(home))
    if full:
        train("--steps", "3")
        monkeypatch.setenv("GANDASH_STORE_GB", "1e-9")
    else:
        home.write_text("", encoding="utf-8")
    result = call("train", *TINY, "--steps", "3", "--json")
    assert result.exit_code == 0 and strict_json(result.stdout)["steps"] == 3
    assert strict_json(result.stdout)["kept_in"] is None
    assert result.stderr.count("\n") == 1 and ("recorded: " in result.stderr or "Recording stopped" in result.stderr)


@pytest.mark.parametrize("form", ["config", "preset", "result", "stdin"])
def test_what_was_printed_or_kept_can_be_given_back(tmp_path: Path, form: str) -> None:
    file, stdin = tmp_path / "given.json", ""
    config = DEFAULT.config.model_dump(mode="json") | {"run": {"seed": 5, "batch": 4}}
    if form == "preset":
        entry = next(e for e in strict_json(call("presets", "--json").stdout) if e["name"] == DEFAULT.name)
        file.write_text(json.dumps(entry), encoding="utf-8")
        expected = DEFAULT.config
    else:
        expected = parse_config(config)
        text = json.dumps({"steps": 1, "config": config} if form == "result" else config)
        file.write_text(text, encoding="utf-8-sig")  # a byte order mark, as Windows editors write it
        stdin = text
    first = tmp_path / "first"
    result = call(
        *("train", "--steps", "1", "--config", "-" if form == "stdin" else str(file), "--out", str(first)), stdin=stdin
    )
    assert result.exit_code == 0, result.output
    assert StoredRun(first).configs == (expected,)

    second = tmp_path / "second"
    assert call("train", "--steps", "1", "--config", str(first / MANIFEST), "--out", str(second)).exit_code == 0
    assert StoredRun(second).manifest.configs == StoredRun(first).manifest.configs


def test_a_record_of_several_games_is_no_config(tmp_path: Path) -> None:
    file = tmp_path / MANIFEST
    file.write_text(json.dumps({"configs": [{}, {}]}), encoding="utf-8")
    assert_refused(call("train", "--config", str(file)), f"--config {file}: a run of 2 games")


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_a_diverged_run_is_a_result(tmp_path: Path, engine: Any) -> None:
    out = tmp_path / "run"
    by = ("--engine", engine)
    report = train("--steps", "400", "--out", str(out), *by, *EXPLODING)
    assert report["diverged"] is True and report["verdict"]["kind"] == "diverged"
    assert 1 < report["steps"] < 100
    assert None in report["metrics"].values() or None in report["measurement"].values()
    kept = last_kept(out)
    assert kept.step == report["steps"] - 1 and kept.is_finite()
    run = StoredRun(out)
    assert run.steps == report["steps"] and run.verdicts[0] is not None and run.verdicts[0].kind == "diverged"
    assert run.metrics().recent.steps.tolist() == list(range(1, report["steps"] + 1))
    again = replay(out)
    assert again.step == report["steps"] and again.compared[-1] == kept.step
    last = kept.advance()[0, :2].tolist()
    assert not (kept.is_finite() and all(abs(x) < float("inf") for x in last))  # it stopped because of this step
    np.testing.assert_array_equal(run.metrics().recent.values[-1, :2], np.array(last, dtype=np.float32))

    told = call("train", *TINY, *by, *EXPLODING, "--steps", "400")
    assert told.exit_code == 0
    assert told.stdout.startswith(f"Diverged: At step {report['steps']} ")


# -------------------------------------------------------------------------------------------------------- live changes


def test_live_changes_act_at_their_steps_and_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "run"
    late, early = ("--at", "8", "run.batch=8"), ("--at", "5", "update_rule=extragradient")
    report = train("--steps", "12", *late, *early, "--at", "8", "regulariser.r1=0.5", "--out", str(out))
    told = [(c["step"], c["path"]) for c in report["changes"]]
    assert told == [(5, "update_rule"), (8, "run.batch"), (8, "regulariser.r1")]
    recorded = StoredRun(out)
    assert [(c.step, c.path, c.new) for c in recorded.changes[0]][1:] == [(8, "run.batch", 8), (8, "regulariser.r1", 0.5)]
    kept, again = last_kept(out), replay(out).games.trajectories[0]
    assert torch.equal(kept.state.theta, again.state.theta) and kept.config == again.config
    assert parse_config(report["config"]).run.batch == 8

    session = Played(recorded.configs[0])
    for step in range(12):
        for path, value in {
            5: [("update_rule", {"kind": "extragradient"})],
            8: [("run.batch", 8), ("regulariser.r1", 0.5)],
        }.get(step, []):
            session.set(path, value)
        session.advance()
    assert torch.equal(session.state.theta, kept.state.theta)


def test_a_reader_is_told_of_live_changes() -> None:
    told = call("train", *TINY, "--steps", "3", "--at", "2", "objective=minimax").stdout
    assert 'at step 2 objective = "minimax"' in told


class Asked(Exception):
    """What `train` would have played."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, ...]]:
    def ask(*args: Any) -> None:
        raise Asked(*args)

    def of(*args: str) -> tuple[Any, ...]:
        result = call("train", *args)
        assert isinstance(result.exception, Asked), result.output
        config, steps, directory, timeline, engine = result.exception.args
        assert engine is None  # nobody asked for one
        return config, steps, directory, timeline.changes

    monkeypatch.setattr(playing, "play", ask)
    return of


MOVES = [pytest.param(p, i, id=f"{p.name}: {m.label}") for p in PRESETS.values() for i, m in enumerate(p.moves)]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_a_preset_is_played_until_its_promise_is_kept(asked: Callable[..., tuple[Any, ...]], preset: Preset) -> None:
    assert asked("--preset", preset.name) == (preset.config, preset.steps, None, ())


@pytest.mark.parametrize(("preset", "number"), MOVES)
def test_every_move_of_a_preset_can_be_made(asked: Callable[..., tuple[Any, ...]], preset: Preset, number: int) -> None:
    move = preset.moves[number]
    for name in (move.label, str(number + 1), move.label.upper(), *([""] if preset.cure is move else [])):
        config, steps, _, changes = asked("--preset", preset.name, "--cure", *([name] if name else []))
        assert (config, steps) == (preset.config, move.until)
        assert {change.step for change in changes} == {move.at}
        after = config
        for _, path, value in changes:
            after = after.with_live(path, value)
        assert after == config.replace_all(move.changes)


def test_the_steps_of_a_game_from_a_file_are_what_the_help_says(asked: Callable[..., tuple[Any, ...]], tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("{}", encoding="utf-8")
    assert asked("--config", str(file))[1] == 3000
    assert_refused(call("train", "--config", str(file), "--cure"), "--cure", "--at STEP PATH=VALUE")


def test_promises_are_kept_in_a_shell() -> None:
    """Those of scalar games, which take a second; `test_presets.py` holds all of them."""

    def played(*args: str) -> dict[str, Any]:
        found: dict[str, Any] = strict_json(call("train", "--json", *args).stdout)
        return found

    inwards = played("--preset", "dirac-r1")
    assert inwards["distance"] < 1e-3 * inwards["distance_at_start"]
    before, after = (played("--preset", "bilinear-race", *more)["distance"] for more in (["--steps", "100"], ["--cure"]))
    assert after < 0.1 * before


# --------------------------------------------------------------------------------------------------------------- refusals


def test_a_large_game_is_announced_and_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "MAX_FLOP_PER_STEP", 1)
    result = call("train", *TINY, "--steps", "2")
    assert result.exit_code == 0 and "2 in " in result.stdout
    said = result.stderr.splitlines()[0]
    assert said.startswith(
        "Large: a server would refuse generator.width, discriminator.width, run.batch, update_rule: this game"
    )
    assert "floating-point operations per step" in said and said.endswith("It is played here.")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried")])
def test_a_game_without_enough_memory_ends_in_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Trajectory, "__init__", fail)
    assert_refused(call("train", *TINY, "--steps", "2"), "more memory than there is", status=1)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--steps", "abc"], ["--steps: given abc", "whole number from 1 to"]),
        (["--steps", "0"], ["--steps: given 0", "whole number from 1 to"]),
        (["--steps", "1" * 5000], ["--steps: given 11", "whole number from 1 to"]),
        (["--seed", "-1"], ["run.seed: given -1", "greater than or equal to 0"]),
        (["--seed", "x"], ["run.seed: given x", "integer"]),
        (["--preset", "nope"], ["--preset", "'nope'", DEFAULT.name]),
        (["--set", "data"], ["--set data: expected PATH=VALUE"]),
        (["--set", "=3"], ["--set =3: expected PATH=VALUE"]),
        (["--set", "run.bacth=3"], ["run.bacth: given 3", "did you mean run.batch"]),
        (["--set", "data.kind=gauss"], ["data: given gauss", "gaussian, mixture, uniform"]),
        (["--set", "run.batch=" + "9" * 5000], ["run.batch: given 99"]),
        (["--set", "run=" + "[" * 50000], ["run: given [["]),
        (["--set", "a\nb=1"], ["a b: given 1"]),
        (["--set", "run.batch=\x1b[31m"], ["run.batch: given ?[31m"]),
        (["--stpes", "3"], ["'--stpes'", "--steps"]),
        (["extra"], ["extra"]),
        (["--preset", "two_modes"], ["'two_modes'", "did you mean two-modes?"]),
        (["--set", "objective=non-saturating"], ["given non-saturating", "did you mean non_saturating?"]),
        (["--set", "data=gausian"], ["given gausian", "did you mean gaussian?"]),
        (["--set", "run.batch=abc"], ["given abc", "a whole number", "such as 64"]),
        (["--set", "data.means=[1,2"], ["a list is needed, such as [0, 1]"]),
        (["--side", "28"], ["--side 28", "--pictures PATH"]),
        (["--colour"], ["--colour", "--pictures PATH"]),
        (["--at", "5", "data=uniform"], ["--at 5 data=uniform", "Data (data) restarts the game", "--set"]),
        (["--at", "5", "generator.width=32"], ["Width (generator.width) restarts the game"]),
        (["--at", "5", "run.bacth=3"], ["--at 5 run.bacth=3", "did you mean run.batch"]),
        (["--at", "5", "run.batch"], ["--at 5 run.batch: expected PATH=VALUE"]),
        (["--at", "-5", "run.batch=3"], ["--at -5: expected --at STEP PATH=VALUE"]),
        (["--at", "x", "run.batch=3"], ["--at x: expected --at STEP PATH=VALUE"]),
        (["--at", "50", "run.batch=3", "--steps", "50"], ["the run ends at step 50"]),
        (["--preset", "ring", "--cure"], ["ring has no move", "--at STEP PATH=VALUE"]),
        (["--preset", "one-of-two", "--cure", "foo"], ["1 (Relativistic pairing), 2 (R1, γ = 0.3)"]),
        (["--preset", "mode-collapse", "--cure", "--steps", "9"], ["Slow G, quicken D, at step 1500", "ends at step 9"]),
        (["--preset", DEFAULT.name, "--config", "x.json"], ["--config x.json", f"--preset {DEFAULT.name}", "one of them"]),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(args: list[str], told: list[str]) -> None:
    assert_refused(call("train", *args), *told)


def test_an_unknown_command_is_refused_in_one_line() -> None:
    assert_refused(call("trian"), "'trian'")
    assert_refused(call("preset"), "Did you mean 'presets'?")
    assert_refused(call("--trian"), "'--trian'")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"run": {"se', "not JSON, or cut short"),
        (b"", "not JSON, or cut short"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not in UTF-8"),
        (b"[" * 100_000, "not JSON, or cut short"),
        (b"1" * 10_000, "not JSON, or cut short"),
        (b"[]", "given []"),
        (b'{"config": 3}', "given 3"),
        (b'{"run": {"sed": 1}}', "run.sed: given 1; there is no such setting"),
        (b'{"run": {"batch": NaN}}', "run.batch: given NaN"),
        (None, "No such file"),
        ("directory", "directory"),
        (1_000_000_000, "more than 4 MiB"),
        ("/dev/zero", "more than 4 MiB"),
    ],
)
def test_a_wrong_config_file_is_refused_in_one_line(tmp_path: Path, content: bytes | int | str | None, told: str) -> None:
    file = tmp_path / "config.json"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif isinstance(content, int):
        with file.open("wb") as stream:
            stream.truncate(content)  # sparse: it takes no room
    elif content == "directory":
        file.mkdir()
    elif content is not None:
        file = Path(content)
    assert_refused(call("train", "--config", str(file)), f"--config {file}: ", told)


def test_no_directory_is_written_over(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train("--steps", "2", "--out", str(out))
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert before
    assert_refused(call("train", *TINY, "--steps", "3", "--out", str(out)), f"--out {out} is not empty", "name a new")
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("below", [False, True])
def test_a_directory_that_cannot_be_is_refused(tmp_path: Path, below: bool) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    out = file / "run" if below else file
    assert_refused(call("train", *TINY, "--out", str(out)), f"--out {out} cannot be used", "name a directory")


def test_a_full_disk_ends_the_run_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "KEYFRAME_SECONDS", 0.0)  # rows are written with keyframes
    monkeypatch.setattr(recording, "SHARE", 1.0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_000, hard))  # no file may grow beyond this
    try:
        result = call("train", *TINY, "--steps", "100000", "--engine", "torch", "--out", str(tmp_path / "run"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_refused(result, f"--out {tmp_path / 'run'}", "File too large", "can be read", status=1)
    run = StoredRun(tmp_path / "run")
    assert 2 < run.steps < 100_000 and len(run.metrics().recent.steps) > 2


# ---------------------------------------------------------------------------------------------------------- interruptions


def interrupted_at(monkeypatch: pytest.MonkeyPatch, step: int, *numbers: int) -> None:
    """Send signals to this process in the middle of that step."""
    advance = Trajectory.advance

    def advance_and_raise(trajectory: Trajectory, players: Players, rounds: int) -> torch.Tensor:
        if trajectory.step == step - 1:
            for number in numbers:
                signal.raise_signal(number)
        return advance(trajectory, players)  # one round, however many there may be

    monkeypatch.setattr(Trajectory, "advance", advance_and_raise)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_after_its_round_and_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    interrupted_at(monkeypatch, 5, number)
    out = tmp_path / "run"
    result = call("train", *TINY, "--steps", "50", "--json", "--out", str(out))
    assert result.exit_code == status
    assert result.stderr == f"Interrupted at step 5 of 50; kept in {out}.\n"
    assert strict_json(result.stdout)["steps"] == 5
    assert StoredRun(out).steps == last_kept(out).step == 5
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_an_interruption_while_the_game_is_being_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Trajectory.__init__

    def make_and_raise(trajectory: Trajectory, *given: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        make(trajectory, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Trajectory, "__init__", make_and_raise)
        result = call("train", *TINY, "--steps", "50", "--json", "--out", str(tmp_path))
    assert result.exit_code == 130
    assert result.stderr == "Interrupted at step 0 of 50; nothing was played, and nothing is kept.\n"
    assert set(strict_json(result.stdout)["metrics"].values()) == {None}
    assert not any(tmp_path.iterdir())


def test_an_interrupted_run_without_a_directory_says_that_nothing_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted_at(monkeypatch, 1, signal.SIGINT)
    result = call("train", *TINY, "--steps", "50")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted at step 1 of 50; nothing was kept (--out DIR would have).\n"


def test_a_second_interruption_acts_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = signal.getsignal(signal.SIGINT)
    interrupted_at(monkeypatch, 4, signal.SIGINT, signal.SIGINT)
    result = call("train", *TINY, "--steps", "50", "--out", str(tmp_path))
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr.startswith("Interrupted at once") and result.stderr.count("\n") == 1
    assert f"can be read in {tmp_path}" in result.stderr
    assert StoredRun(tmp_path).steps == 3 and len(StoredRun(tmp_path).metrics().recent.steps) == 3
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.mark.parametrize("module", ["pydantic_core", "gandash.presets", "torch._utils"])
def test_ctrl_c_while_modules_are_imported_ends_it_in_one_line(module: str) -> None:
    """Python itself tells, on stderr, when it has imported which."""
    command = [sys.executable, "-X", "importtime", "-m", "gandash", "train", *TINY, "--steps", "1000000"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.split("|")[-1].strip() == module:
                    break
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=60)
        finally:
            process.kill()
    told = [line for line in stderr.splitlines() if not line.startswith("import time:")]
    assert (process.returncode, stdout, told) == (130, "", ["Interrupted before anything was played."])


def test_a_real_run_in_a_terminal_shows_its_progress_and_takes_ctrl_c(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ours, theirs = pty.openpty()  # stderr is a terminal, stdout a pipe
    command = [sys.executable, "-m", "gandash", "train", *TINY, "--steps", "1000000", "--json", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs) as process:
        try:
            os.close(theirs)
            seen = b""
            while b"JSD 0." not in seen:  # the bar is there and moves, so the game is being played
                seen += os.read(ours, 1024)
            process.send_signal(signal.SIGINT)
            while chunk := read_terminal(ours):
                seen += chunk
            stdout, _ = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
            os.close(ours)
    assert process.returncode == 130
    report = strict_json(stdout.decode())
    assert b"/1000000" in seen
    assert f"Interrupted at step {report['steps']} of 1000000; kept in {out}." in seen.decode()
    assert b"Traceback" not in seen
    assert StoredRun(out).steps == last_kept(out).step == report["steps"] > 0


def read_terminal(descriptor: int) -> bytes:
    """Bytes, or none at the end: Linux reports a terminal whose other side is gone as an error."""
    try:
        return os.read(descriptor, 1024)
    except OSError:
        return b""


# ------------------------------------------------------------------------------------------------------------- samples


def test_samples_from_a_file_are_learnt_and_settings_follow(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("wert\n1,5\n2,5\n-0,25\n")
    np.save(tmp_path / "two.npy", np.array([[1.5, 2], [2.5, 3], [-0.25, 7]]))
    short = (*TINY, "--steps", "2", "--json")
    one = call("train", "--samples", str(tmp_path / "one.csv"), "--set", "data.scaling=as_given", *short)
    assert one.exit_code == 0, one.output
    assert "--samples: read as one column, decimal commas: 1.5, 2.5, -0.25" in one.stderr
    assert parse_config(strict_json(one.stdout)["config"]).data.points().tolist() == [[1.5], [2.5], [-0.25]]
    two = call("train", "--samples", str(tmp_path / "two.npy"), *short)
    config = parse_config(strict_json(two.stdout)["config"])
    assert config.data.kind == "samples_2d" and config.latent.dimension == 2
    assert re.search(r"JSD +at least 0\.", call("train", "--samples", str(tmp_path / "two.npy"), *short[:-1]).stdout)


def test_a_table_that_may_mean_two_things_is_refused_with_the_words_that_choose(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("1,2\n3,4\n5,7\n")
    refused = call("train", "--samples", str(path))
    assert refused.exit_code == 2 and len(refused.stderr.strip().splitlines()) == 1
    assert "two columns: 1 | 2" in refused.stderr and "one column, decimal commas: 1.2" in refused.stderr
    assert "say which is meant: --read-as two, or --read-as one" in refused.stderr
    read = call("train", "--samples", str(path), "--read-as", "one", *TINY, "--steps", "2", "--json")
    assert strict_json(read.stdout)["config"]["data"]["kind"] == "samples"


@pytest.mark.parametrize(
    ("content", "args", "words"),
    [
        ("x,y\n1,2\n3,\n", (), "an empty field in line 3; allowed is a CSV or npy file"),
        (None, (), "No such file or directory; expected a CSV or npy file"),
        ("1\n2\n", ("--read-as", "two"), "cannot be read as two"),
        ("1\n2\n", ("--pictures", "x.png"), "--pictures x.png is given as well"),
    ],
)
def test_samples_that_are_none_are_refused_in_one_line(
    tmp_path: Path, content: str | None, args: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_text(content)
    result = call("train", "--samples", str(path), *args)
    assert result.exit_code == 2 and words in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_how_to_read_needs_something_to_read() -> None:
    result = call("train", "--read-as", "one")
    assert result.exit_code == 2 and "give --samples FILE as well" in result.stderr


# ------------------------------------------------------------------------------------------------------------ pictures


def a_few_pictures(path: Path) -> Path:
    light = np.random.default_rng(0).integers(0, 256, size=(12, 20, 24), dtype=np.uint8)
    np.save(path, light)
    return path


def test_pictures_from_files_and_folders_are_learnt(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    file = a_few_pictures(folder / "few.npy")
    small = ("--set", "generator.width=4", "--set", "discriminator.width=4", "--set", "run.batch=4", "--steps", "2", "--json")
    for path in (file, folder):
        result = call("train", "--pictures", str(path), "--side", "8", *small)
        assert result.exit_code == 0, result.output
        config = parse_config(strict_json(result.stdout)["config"])
        assert isinstance(config.data, UploadedPicturesConfig) and config.data.shape == (1, 8, 8)
        assert len(config.data.chosen()[0]) == 12 and config.latent.dimension == PICTURE_LATENT
    coloured = call("train", "--pictures", str(file), "--side", "8", "--colour", *small)
    assert strict_json(coloured.stdout)["config"]["data"]["kind"] == "uploaded_pictures"


SMALL = ("--side", "8", "--set", "generator.width=4", "--set", "discriminator.width=4", "--set", "run.batch=4", "--steps", "2")


def test_so_many_pictures_are_kept_and_said(tmp_path: Path) -> None:
    file = a_few_pictures(tmp_path / "few.npy")
    result = call("train", "--pictures", str(file), "--keep", "7", "--json", *SMALL)
    assert len(parse_config(strict_json(result.stdout)["config"]).data.chosen()[0]) == 7
    assert result.stderr.strip() == (
        "--pictures: 7 of 12 pictures kept, drawn at random (seed 0); 0 to 255 read as black to white"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--keep", "5"), "give --pictures PATH too"),
        (("--keep", "1", "--pictures", "."), "--keep: given 1; expected a whole number from 2 to 100000"),
        (("--keep", "100001", "--pictures", "."), "--keep: given 100001"),
        (("--keep", "all", "--pictures", "."), "--keep: given all"),
    ],
)
def test_a_number_of_pictures_that_cannot_be_kept_is_refused_in_one_line(options: tuple[str, ...], words: str) -> None:
    result = call("train", *options)
    assert result.exit_code == 2 and words in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_folders_in_a_folder_are_classes_and_what_is_no_picture_is_said(tmp_path: Path) -> None:
    light = np.random.default_rng(0).integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
    for i, picture in enumerate(light):
        folder = tmp_path / "train" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{i}.png")
    (tmp_path / ".DS_Store").write_bytes(b"Bud1")
    (tmp_path / "labels.csv").write_bytes(b"file,label")
    result = call("train", "--pictures", str(tmp_path), "--json", *SMALL)
    pixels, labels = parse_config(strict_json(result.stdout)["config"]).data.chosen()
    assert {p.tobytes(): int(label) for p, label in zip(pixels, labels, strict=True)} == {
        p.tobytes(): i % 2 for i, p in enumerate(light)
    }
    assert "classes: 0 = a, 1 = b; 2 files that are no PNG or JPEG picture left out: .DS_Store, labels.csv" in result.stderr


def test_a_folder_without_a_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    result = call("train", "--pictures", str(tmp_path))
    assert result.exit_code == 2 and "an empty folder" in result.stderr
    for name in ("README.txt", "labels.csv"):
        (tmp_path / name).write_bytes(b"nothing to see")
    result = call("train", "--pictures", str(tmp_path))
    assert result.exit_code == 2 and "given no picture (2 files" in result.stderr and "README.txt, labels.csv" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "words"), [(b"no picture at all", "given"), (None, "No such file"), (b"PK\x03\x04 and no more", "given")]
)
def test_files_that_hold_no_pictures_are_refused_in_one_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "file.zip"
    if content is not None:
        path.write_bytes(content)
    result = call("train", "--pictures", str(path))
    assert result.exit_code == 2 and words in result.stderr and len(result.stderr.strip().splitlines()) == 1


def test_a_game_on_digits_is_reported_in_its_own_numbers() -> None:
    chosen = ["data=digits", "latent.dimension=3", "generator.width=4", "discriminator.width=4", "run.batch=4"]
    result = call("train", "--steps", "2", *(part for one in chosen for part in ("--set", one)))
    assert result.exit_code == 0, result.output
    assert "Fréchet" in result.stdout and "digits     " in result.stdout and "of 10 captured" in result.stdout
    assert "JSD" not in result.stdout and "D*" not in result.stdout and "NaN" not in result.stdout
