"""Painted frames a second while the ring is trained: gandash's live view against a fragment with three Plotly charts.

    python tests/load/frames.py [--seconds 20] [--rounds 2]

Both pages run in turn on this machine, in the same headless Chromium, each with a worker at full speed; figures compare
within one run. The plain page is `plotly_page.py`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from driving import Lab, running_app, running_browser
from playwright.sync_api import Browser
from waiting import wait_until

SIZES = {"1280x720": (1280, 720), "1920x1080": (1920, 1080)}
COUNT_TITLES = """
() => {
  window.seen = new Set();
  new MutationObserver(() => {
    for (const title of document.querySelectorAll('.gtitle')) window.seen.add(title.textContent);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}
"""


def gandash(browser: Browser, seconds: float, size: str) -> tuple[float, float]:
    """(painted frames/s, steps/s) of the live view."""
    width, height = SIZES[size]
    with running_app() as app:
        lab = Lab(browser, app.url, viewport={"width": width, "height": height})
        lab.choose("Ring of 8")
        lab.page.get_by_label("Speed in steps per second").select_option("max")
        lab.press("Space")
        wait_until(lambda: lab.step > 500, "the ring is trained", 60)
        began, painted, step = time.monotonic(), lab.painted, lab.step
        time.sleep(seconds)
        painted, step, elapsed = lab.painted - painted, lab.step - step, time.monotonic() - began
        lab.close()
    return painted / elapsed, step / elapsed


def plain(browser: Browser, seconds: float, size: str) -> float:
    """Painted frames/s of the plain page."""
    width, height = SIZES[size]
    with running_app("tests/load/plotly_page.py", PYTHONPATH=".") as app:
        context = browser.new_context(viewport={"width": width, "height": height})
        page = context.new_page()
        page.goto(app.url)
        page.wait_for_selector(".gtitle", timeout=60_000)
        page.evaluate(COUNT_TITLES)
        page.wait_for_timeout(3000)  # both pages are measured when they are warm
        began, seen = time.monotonic(), page.evaluate("window.seen.size")
        time.sleep(seconds)
        painted, elapsed = page.evaluate("window.seen.size") - seen, time.monotonic() - began
        context.close()
    return float(painted / elapsed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--size", choices=SIZES, action="append", help="of the window; both unless one is named")
    given = parser.parse_args()
    with running_browser() as browser:
        for size in given.size or SIZES:
            ours, steps, theirs = [], [], []
            for _ in range(given.rounds):
                frames, pace = gandash(browser, given.seconds, size)
                ours.append(frames)
                steps.append(pace)
                theirs.append(plain(browser, given.seconds, size))
            live, rerun = statistics.median(ours), statistics.median(theirs)
            print(f"{size}: gandash {live:.1f} frames/s at {statistics.median(steps):.0f} steps/s (rounds: {_list(ours)})")
            print(f"{size}: fragment with three st.plotly_chart {rerun:.2f} frames/s (rounds: {_list(theirs)})")
            print(f"{size}: ratio {live / max(rerun, 1 / given.seconds):.1f}", flush=True)


def _list(values: list[float]) -> str:
    return ", ".join(f"{v:.1f}" for v in values)


if __name__ == "__main__":
    main()
