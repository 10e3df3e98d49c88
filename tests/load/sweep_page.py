"""How fluent the map of a sweep is: thousands of cells, of which some dozens come a second, and how often it is painted.

    python tests/load/sweep_page.py [--side 64] [--rate 60] [--seconds 20]

A real app and a real browser; only the games are made up, and told at the rate that is asked for. The map starts with all
cells but those that are still to come, so that it is painted whole. Prints the paints a second while cells come, how long one
takes, the longest time between two frames of the browser, and the load that others make.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from driving import Lab, running_app, running_browser
from playwright.sync_api import Route
from sweeps.writing_sweeps import ID, with_a_sweep

from gandash.sweeps.diagram import VERDICTS
from gandash.sweeps.hosting import NUMBERS
from gandash.wire.frame import pack

MAP = '[data-testid="sweep-map"]'
# How long the browser is held up, between two frames
GAPS = """seconds => new Promise(resolve => {
  let [last, longest, began] = [performance.now(), 0, performance.now()];
  const look = now => {
    longest = Math.max(longest, now - last);
    last = now;
    if (now - began < 1000 * seconds) requestAnimationFrame(look);
    else resolve(longest);
  };
  requestAnimationFrame(look);
})"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("side", 64), ("rate", 60), ("seconds", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    count = given.side**2
    came, began = max(0, count - given.rate * (given.seconds + 30)), 0.0

    def there() -> int:
        return int(min(count, came + given.rate * (time.monotonic() - began)))

    def cells(route: Route) -> None:
        start = int(route.request.url.rsplit("/", 1)[1])
        label = {"kind": "sweep", "state": "playing", "trouble": "", "start": start, "count": (end := there())}
        label |= {"is_compiling": False, "pace": 1e5, "left": ""}
        route.fulfill(body=pack(label, made_up(start, end)), content_type="application/octet-stream")

    with tempfile.TemporaryDirectory() as home:
        with_a_sweep(Path(home))
        with running_app(GANDASH_HOME=home) as app, running_browser() as browser:
            lab = Lab(browser, app.url)
            page = lab.page
            page.route(f"**/gandash/sweeps/{ID}", lambda route: about(route, given.side))
            page.route(f"**/gandash/sweeps/{ID}/cells/*", cells)
            page.route(f"**/gandash/sweeps/{ID}/edges/*", lambda route: route.fulfill(body="[]"))
            began = time.monotonic()
            page.goto(app.url + "sweep")
            page.wait_for_selector(f"{MAP}[data-painted]")
            before, since, cells_before = painted(page), time.monotonic(), there()
            gap = page.evaluate(GAPS, given.seconds)
            seconds = time.monotonic() - since
            paints = painted(page) - before
            took = float(page.get_attribute(MAP, "data-paint-ms") or 0)
            print(f"{count:,} cells, {(there() - cells_before) / seconds:.0f} of them a second:")
            print(f"  {paints / seconds:.1f} paints a second, the last took {took:.1f} ms; at most {gap:.0f} ms between frames")
            print(f"  load {' '.join(f'{x:.1f}' for x in os.getloadavg())}")


def about(route: Route, side: int) -> None:
    """As the server tells it, of a larger map."""
    told = json.loads(route.fetch().text())
    values = [f"{10 ** (-4 + 3 * i / side):.2g}" for i in range(side)]
    told |= {"count": side**2, "axes": [{"name": name, "values": values} for name in ("G Learning rate", "D Learning rate")]}
    route.fulfill(json=told)


def made_up(start: int, end: int) -> dict[str, Any]:
    """Games from one to another, as `Hosted.packet` has them, in an order of chance."""
    cell = np.arange(start, end, dtype=np.int32)
    numbers = np.random.default_rng(start).random((len(cell), len(NUMBERS))).astype(np.float32)
    return {"cell": cell, "verdict": (cell % len(VERDICTS)).astype(np.uint8), "numbers": numbers}


def painted(page: Any) -> int:
    return int(page.get_attribute(MAP, "data-painted") or 0)


if __name__ == "__main__":
    main()
