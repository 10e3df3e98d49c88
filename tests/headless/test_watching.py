"""A training loop of one's own is watched: what is seen of it is what is there, and the loop goes as if nobody watched."""

from __future__ import annotations

import gc
import html
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from waiting import PATIENCE_SECONDS, wait_until

import gandash
from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.game.given import Loss
from gandash.headless.loop_data import Latents, range_of, real_data
from gandash.headless.piped import Look
from gandash.headless.watcher import Begun, Watcher
from gandash.headless.watching import _as_row
from gandash.store.format import BrokenRun
from gandash.store.writing import is_being_recorded
from gandash.wire.browser import Beside
from gandash.wire.messages import Recording

ROOT = Path(__file__).parents[2]


class Noisy(nn.Module):
    """A player with all that might be disturbed: batch statistics, dropout, and random numbers of its own."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.LeakyReLU(0.2), nn.Dropout(0.3))
        self.head = nn.Linear(16, outputs)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.head(self.body(x + 0.01 * torch.randn_like(x)))
        return made


def ring(n: int) -> Tensor:
    angle = 2 * torch.pi * torch.rand(n)
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(n, 2)


def trained(watch: Callable[[nn.Module, nn.Module], Any]) -> tuple[Any, dict[str, Any]]:
    """A loop that draws from every stream there is, and all that it leaves."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    g, d = Noisy(2), Noisy(1)
    d.body[1].eval()  # as somebody may well have it
    optimisers = [torch.optim.Adam(m.parameters(), 1e-3) for m in (g, d)]
    losses = []
    with watch(g, d) as lab:
        for _ in range(25):
            real = ring(32) * (1 + 0.01 * random.random()) + torch.from_numpy(0.01 * np.random.randn(32, 2)).float()
            fake = g(torch.randn(32, 2))
            loss_d = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
            optimisers[1].zero_grad()
            loss_d.backward()
            optimisers[1].step()
            loss_g = F.softplus(-d(fake)).mean()
            optimisers[0].zero_grad()
            loss_g.backward()
            optimisers[0].step()
            losses.append((loss_d.item(), loss_g.item()))
            lab.step(loss_d=loss_d, loss_g=loss_g)
    left = {f"{i}.{name}": t for i, m in enumerate((g, d)) for name, t in m.state_dict().items()}
    left |= {f"{i}.{name}.grad": p.grad for i, m in enumerate((g, d)) for name, p in m.named_parameters()}
    left |= {"torch": torch.get_rng_state(), "python": random.getstate(), "losses": losses}
    left |= {"numpy": np.random.get_state()[1].tolist(), "modes": [part.training for m in (g, d) for part in m.modules()]}
    return lab, left | {"threads": torch.get_num_threads(), "grads": torch.is_grad_enabled()}


class Nobody:
    def __enter__(self) -> Nobody:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def step(self, **_: object) -> None:
        return


def test_the_loop_goes_as_if_nobody_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, alone = trained(lambda g, d: Nobody())
    lab, watched = trained(
        lambda g, d: gandash.watch(
            g, d, real=ring, latent=lambda n: torch.randn(n, 2), out=tmp_path / "run", page=False, pictures_per_second=1e4
        )
    )
    assert alone.keys() == watched.keys()
    for name, there in alone.items():
        assert torch.equal(there, watched[name]) if isinstance(there, Tensor) else there == watched[name], name
    assert "Recorded 25 rounds" in capsys.readouterr().err and not lab.problem
    run = lab.run
    assert run.steps == 25 and run.is_of_a_loop and not is_being_recorded(run.directory)
    np.testing.assert_allclose(run.history[["loss_d", "loss_g"]], watched["losses"], rtol=1e-6)
    assert run.history["learning_rate_d"].isna().all() and run.history["value"].notna().all()
    last = run.frame()
    assert last.step == last.measured == 25 and last["d"].shape == last["d_star"].shape and run.frame(0).step == 0
    assert len(run.figure("stage").data) and len(run.figure("losses").data)
    assert sorted(run.stored.manifest.given) == ["discriminator", "generator", "latent", "loop"]
    for ask in (lambda: run.samples(3), lambda: run.branch(3), lambda: gandash.open(run.directory).state):
        with pytest.raises(BrokenRun, match="record of a training loop of somebody's own"):
            ask()
    assert b"</html>" in run.export("replay.html", tmp_path / "replay.html").read_bytes()


def line_players() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))


def test_what_the_loop_does_wrong_leaves_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two loops at once; one raises, one is interrupted, as a notebook's cell is; a step after the end; a loss of many."""
    (g, d), real = line_players(), torch.randn(300)

    def watched(name: str) -> gandash.Lab:
        return gandash.watch(g, d, real=real, latent=1, out=tmp_path / name, page=False)

    with pytest.raises(KeyboardInterrupt), watched("a") as one:
        with pytest.raises(ZeroDivisionError), watched("b") as other:
            with pytest.raises(SettingError, match=r"loss_d: given a tensor of shape \(3,\); one number is needed"):
                other.step(loss_d=torch.zeros(3))
            for _ in range(2):
                one.step(loss_d=1)
                other.step()
            raise ZeroDivisionError
        assert one.run.steps <= 2 and not one.problem  # it is there while it is recorded
        raise KeyboardInterrupt
    said = capsys.readouterr().err
    assert "Your loop has ended by ZeroDivisionError after 2 rounds" in said and "by KeyboardInterrupt after 2" in said
    other.step(loss_d=1)
    other.close()
    assert (one.run.steps, other.run.steps) == (2, 2)
    assert other.run.history["loss_d"].isna().all() and one.run.history["loss_d"].tolist() == [1, 1]


LOOP = """
import itertools, sys, time, torch, gandash
g, d = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
lab = gandash.watch(g, d, real=torch.randn(300), latent=1, out=sys.argv[1], page=False)
for i in itertools.count():
    lab.step(loss_d=i, loss_g=0)
    time.sleep(0.001)  # a round takes its time
"""


def test_a_loop_that_is_killed_leaves_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with subprocess.Popen([sys.executable, "-c", LOOP, str(folder)], env=os.environ | {"PYTHONPATH": str(ROOT)}) as loop:
        wait_until(lambda: (folder / "manifest.json").exists() and gandash.open(folder).steps > 200, "it is recorded")
        loop.kill()
    wait_until(lambda: not is_being_recorded(folder), "who watched it has ended, too")
    run = gandash.open(folder)
    assert run.steps > 200 and run.history["loss_d"].tolist() == list(range(run.steps))


def test_a_lab_that_nobody_holds_any_longer_is_over(tmp_path: Path) -> None:
    """As in a cell that is run again, where nobody wrote `with`."""
    folder, g, d = tmp_path / "run", nn.Linear(2, 2), nn.Linear(2, 1)
    lab = gandash.watch(g, d, real=ring(500), latent=2, out=folder, page=False)
    watcher = lab._process
    while lab._sent < 20:
        lab.step(loss_d=0.5, loss_g=0.7)
    assert is_being_recorded(folder)
    lab = gandash.watch(g, d, real=ring(500), latent=2, out=tmp_path / "next", page=False)
    gc.collect()
    assert watcher.wait(PATIENCE_SECONDS) == 0
    assert not is_being_recorded(folder) and gandash.open(folder).steps >= 20
    lab.close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"latent": 3}, r"generator: given a module that does not make what is needed"),
        ({"latent": 0}, "latent: given 0; whole numbers from 1"),
        ({"real": torch.zeros(5, 3)}, r"real: given an array of shape \(5, 3\); one or two columns"),
        ({"real": torch.zeros(5, 1, 20, 20)}, "square pictures of 8, 16, 28, 32"),
        ({"output": "logit"}, "output: given logit; it must be one of logits, probabilities, scores"),
        ({"generator": "linear"}, "generator: given str; a torch.nn.Module is needed"),
        ({"discriminator": nn.Linear(1, 2)}, "discriminator: given a module that does not make what is needed"),
    ],
)
def test_what_cannot_be_watched_is_told_at_once(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    g, d = line_players()
    usual = {"generator": g, "discriminator": d, "real": torch.randn(300), "latent": 1, "out": tmp_path / "run", "page": False}
    with pytest.raises(SettingError, match=told):
        gandash.watch(**(usual | given))


# ------------------------------------------------------------------------------------------------- who watches, by itself


def watcher(
    tmp_path: Path, g: nn.Module, d: nn.Module, real: Any, latents: Latents, clock: Callable[[], float], **more: Any
) -> Watcher:
    data = real_data(real)
    config = GameConfig().replace_all([("data", data.setting), ("run.averaging", 0), ("latent.dimension", latents.dimension)])
    place = Recording(directory=str(tmp_path / "run"), id="run")
    about = {"output": "logits", "latents": latents, "range": data.range, "objective": None, "place": place} | more
    return Watcher(Begun(config, g, d, **about), clock)


def look(g: nn.Module, d: nn.Module, step: int, rounds: int) -> Look:
    (theta, g_modes), (phi, d_modes) = _as_row(g), _as_row(d)
    return Look(step, step / 10, theta, phi, g_modes, d_modes, np.ones((rounds, 2)))


@pytest.mark.usefixtures("torch_as_before")
def test_what_is_shown_is_what_the_players_say_and_more_rounds_come_at_once_than_are_held(tmp_path: Path) -> None:
    """D of the line in closed form by the module itself; then numbers that are none, and finite ones again."""
    (g, d), now = line_players(), [0]
    seen = watcher(tmp_path, g, d, np.random.default_rng(0).normal(size=1000), Latents((1,)), lambda: float(now[0]))
    with torch.no_grad():
        d[0].weight += 1
        g.weight.fill_(2.0)
        g.bias.fill_(0.5)
    now[0] += 10
    seen.take(look(g, d, 2500, 2500))
    before = _as_row(g)[0]
    with torch.no_grad():
        g.weight.fill_(torch.nan)
    now[0] += 10
    seen.take(look(g, d, 2600, 100))
    with torch.no_grad():
        nn.utils.vector_to_parameters(torch.from_numpy(before), g.parameters())
    seen.take(look(g, d, 2601, 1))  # too soon for a picture, but it is the last
    seen.close()
    run = gandash.open(tmp_path / "run")
    frame = run.frame(2500)
    assert frame.step == frame.measured == 2500
    beside = run.stored.picture_and_words(run.stored.pictures()[-1]).beside
    shown = set(Beside.model_validate_json(beside).games[0].facts.columns)  # no panel stays empty
    assert {"loss_d", "value", "jsd"} < shown and not {"gradient_norm_d", "learning_rate_g"} & shown
    grid = torch.from_numpy(frame["grid"].astype(np.float32))[:, None]
    np.testing.assert_allclose(frame["d"], torch.sigmoid(d(grid)).detach()[:, 0], rtol=1e-5)
    density, x = frame["p_g"], frame["grid"]  # N(0.5, 2): mean and spread of the estimate within the window
    inside = np.trapezoid(density, x)
    mean = np.trapezoid(x * density, x) / inside
    assert 0 < mean < 1 and density.max() == pytest.approx(1 / np.sqrt(2 * np.pi) / 2, rel=0.1)
    assert run.steps == len(run.history) == 2601
    assert run.verdict is not None and run.verdict.kind != "diverged"
    assert (run.frame(2600).step, run.frame(2600).measured) == (2600, 2500)
    assert run.frame().step == run.frame().measured == 2601


@pytest.mark.usefixtures("torch_as_before")
def test_pictures_of_other_units_by_players_that_give_probabilities(tmp_path: Path) -> None:
    """Black is 0 and white 1 in this loop; ours are -1 and 1. A constant G is seen as the grey that it is."""
    rng, now = np.random.default_rng(0), [0]
    real = rng.uniform(size=(200, 1, 8, 8))
    g = nn.Sequential(nn.Flatten(), nn.Linear(3, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
    d = nn.Sequential(nn.Flatten(), nn.Linear(64, 1), nn.Sigmoid())
    with torch.no_grad():
        for player in (g, d):
            player[1].weight.zero_()
        g[1].bias.fill_(float(torch.logit(torch.tensor(0.25))))
        d[1].weight.fill_(0.1)
        d[1].bias.zero_()
    seen = watcher(tmp_path, g, d, real, Latents((3, 1, 1)), lambda: float(now[0]), output="probabilities")
    now[0] += 10
    seen.take(look(g, d, 10, 10))
    seen.close()
    frame = gandash.open(tmp_path / "run").frame(10)
    assert set(np.unique(frame["generated"])) <= {63, 64} and frame["generated"].shape[1:] == (1, 8, 8)
    np.testing.assert_allclose(frame["d_generated"], torch.sigmoid(torch.tensor(0.1 * 64 * 0.25)), rtol=1e-3)


def test_the_numbers_of_black_and_white() -> None:
    ranges = {(-1.0, 1.0): (-0.9, 1.0), (0.0, 1.0): (0.0, 0.8), (0.0, 255.0): (3.0, 250.0), (-0.42, 2.82): (-0.42, 2.82)}
    for known, ends in ranges.items():
        assert range_of(np.array(ends)) == pytest.approx(known)


def test_a_loss_of_ones_own_is_pickled_as_it_is() -> None:
    import cloudpickle

    own = Loss(lambda r, f: (f - r).mean(), lambda f: -f.mean(), is_probability=False).objective()
    again = cloudpickle.loads(cloudpickle.dumps(own))
    real, fake = torch.randn(1, 5), torch.randn(1, 5)
    assert torch.equal(again.discriminator(real, fake), own.discriminator(real, fake))


def test_the_example_in_the_document_does_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gandash.headless.pages.address_of", lambda run, folder: "http://nowhere")
    text = (ROOT / "gandash" / "headless" / "PYTHON.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "gandash.watch(" in block]
    known: dict[str, Any] = {}
    exec(code.replace("range(5000)", "range(3)"), known)
    assert known["lab"].run.steps == 3 and known["lab"].address == "http://nowhere"


def test_a_run_is_shown_inline_where_there_is_a_notebook(
    train: Callable[..., gandash.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("gandash.headless.run.exported", lambda run, what, wanted: b'<script>"&"</script>')
    shown = train(steps=2, title='A "title"').show(height=300)
    page = Path(urlsplit(opened[0]).path)
    assert page.read_bytes() == shown.page
    page.unlink()
    inside = re.search(r'srcdoc="([^"]*)"', shown._repr_html_())
    assert inside and html.unescape(inside[1]).encode() == shown.page and "height: 300px" in shown._repr_html_()
    monkeypatch.setattr("gandash.headless.run.is_notebook", lambda: True)
    train(steps=2).show()
    assert len(opened) == 1
