"""A plain PyTorch loop in another process, on the page while it trains: the page follows, goes back, and is told the end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import ROOT, App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until

LOOP = """
import select, sys, torch, gandash
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
generator = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2))
discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
optimisers = [torch.optim.Adam(module.parameters(), lr=1e-3) for module in (generator, discriminator)]
data = torch.randn(5000, 2) * torch.tensor([1.0, 0.3])
with gandash.watch(generator, discriminator, real=data, latent=2, title="A loop of mine") as lab:
    while not select.select([sys.stdin], [], [], 0.005)[0]:  # until its pipe is closed
        fake = generator(torch.randn(64, 2))
        real = data[torch.randint(len(data), (64,))]
        loss_d = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
        loss_g = F.softplus(-discriminator(fake)).mean()
        for optimiser, loss in zip(optimisers, (loss_g, loss_d)):
            optimiser.zero_grad()
            loss.backward(retain_graph=True)
        for optimiser in optimisers:
            optimiser.step()
        lab.step(loss_d=loss_d, loss_g=loss_g)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[App]:
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        yield app


def test_the_page_follows_a_loop_to_its_end(served: App, home: Path, browser: Browser) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT), "GANDASH_HOME": str(home), "GANDASH_RECORD": "1"}
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LOOP], env=env, **pipes) as loop:  # type: ignore[call-overload]
        address = next(found[1] for line in loop.stderr if (found := re.search(r"Watch it at (\S+)", line)))
        assert address.startswith(served.url)  # the page that is there already is found
        lab = Lab(browser, address)
        page = lab.page
        page.wait_for_selector('[data-testid="live-view"][data-status="growing"]')
        lab.await_picture()

        for _ in range(2):
            before = lab.step
            wait_until(lambda before=before: lab.step >= before + 20, "the page follows")
        page.get_by_role("slider", name="Time").press("Home")
        wait_until(lambda: lab.attribute("shown") == "0", "the first picture is drawn")
        assert page.get_by_role("button", name="Branch here").count() == 0  # nobody here could play it on
        page.get_by_role("button", name="Back to live").click()
        before = lab.step
        wait_until(lambda: lab.step >= before + 20 and lab.attribute("shown") == "", "it follows again")
        loop.stdin.close()
        told = re.search(r"Recorded ([\d,]+) rounds of your loop", loop.stderr.read())
        last = int(told[1].replace(",", ""))
        page.wait_for_selector('[data-testid="live-view"][data-status="recorded"]')
        # The page learns that the record has ended and what its last rows are one after the other
        wait_until(lambda: lab.step == last and lab.attribute("shown") == str(last), "its last picture is drawn")
        assert page.get_by_role("button", name="Branch here").count() == 0
    lab.close()
