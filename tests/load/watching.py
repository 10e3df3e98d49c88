"""What `gandash.watch` costs a training loop: by hand.

    python tests/load/watching.py [BLOCKS] [SECONDS]

A plain PyTorch loop on the plane, batch 256, both players of two hidden layers. Blocks of so many seconds with `lab.step` and
without it take turns, so that whatever else the machine does meets both; the watcher is there all the time and has something to
do in the former alone. Told are rounds a second of both, the median of the ratios of neighbours, the same of the loop's own CPU
time (what else the machine does hardly touches that), pictures a second, what of the time was spent in `lab.step`, and the
watcher's CPU time, which is taken at a lower priority.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time

import psutil
import torch
from torch import nn
from torch.nn import functional as F

import gandash


def main() -> None:
    given = (*sys.argv[1:], *("12", "5")[len(sys.argv) - 1 :])
    blocks, seconds = int(given[0]), float(given[1])
    torch.set_num_threads(1)
    g = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    d = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    optimisers = [torch.optim.Adam(module.parameters(), lr=5e-4, betas=(0.5, 0.9)) for module in (d, g)]
    angle = torch.randint(8, (20_000,)) * torch.pi / 4
    data = torch.stack([angle.cos(), angle.sin()], 1) * 2 + 0.05 * torch.randn(20_000, 2)

    def played() -> tuple[torch.Tensor, torch.Tensor]:
        fake = g(torch.randn(256, 2))
        loss_d = F.softplus(-d(data[torch.randint(len(data), (256,))])).mean() + F.softplus(d(fake.detach())).mean()
        optimisers[0].zero_grad()
        loss_d.backward()  # type: ignore[no-untyped-call]
        optimisers[0].step()
        loss_g = F.softplus(-d(fake)).mean()
        optimisers[1].zero_grad()
        loss_g.backward()  # type: ignore[no-untyped-call]
        optimisers[1].step()
        return loss_d, loss_g

    for _ in range(200):
        played()
    rates: dict[bool, list[float]] = {True: [], False: []}
    costs: dict[bool, list[float]] = {True: [], False: []}
    inside = watched = 0.0
    place = tempfile.mkdtemp()
    with gandash.watch(g, d, real=data, latent=2, out=f"{place}/run", page=False) as lab:
        watcher = psutil.Process(lab._process.pid)
        spent = sum(watcher.cpu_times()[:2])
        for block in range(2 * blocks):
            is_watched = block % 2 == 0
            began, cost, rounds = time.perf_counter(), time.process_time(), 0
            while (now := time.perf_counter()) < began + seconds:
                losses = played()
                if is_watched:
                    before = time.perf_counter()
                    lab.step(*losses)
                    inside += time.perf_counter() - before
                rounds += 1
            rates[is_watched].append(rounds / (now - began))
            costs[is_watched].append((time.process_time() - cost) / rounds)
            watched += (now - began) * is_watched
        spent = sum(watcher.cpu_times()[:2]) - spent
    pictures = len(lab.run.stored.pictures())
    shutil.rmtree(place)
    for what, found in (("rounds a second", rates), ("CPU seconds of the loop a round", costs)):
        ratios = [on / off for on, off in zip(found[True], found[False], strict=True)]
        on, off = (statistics.median(found[each]) for each in (True, False))
        print(f"{what}: watched {on:.4g}, alone {off:.4g}; ratio {statistics.median(ratios):.3f}", end="")
        print(f", from {min(ratios):.3f} to {max(ratios):.3f}")
    print(f"pictures a second: {pictures / watched:.1f}; in lab.step: {inside / watched:.2%} of the time")
    print(f"CPU seconds of the watcher a picture: {spent / pictures:.4f}")


if __name__ == "__main__":
    main()
