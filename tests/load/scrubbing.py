"""From the slider to the picture: how long a recorded picture takes to be on the screen, while its run is trained.

    python tests/load/scrubbing.py [--moves 200] [--preset "Two modes: D goes to 1/2"]

A headless Chromium moves the slider, each time as soon as the picture before is there: in jumps to random steps; as a hand that
drags it does, some pictures on and on and back again; and in jumps after half a second of rest, in which the curves are drawn.
Timed in the page: from the slider's own event to the end of the animation frame in which the stage is painted. Beside it: until
the picture is there, read and ready to be painted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from driving import Lab, running_app, running_browser
from waiting import wait_until

SCRUB = """
async ([moves, way]) => {
  const view = document.querySelector('.gd-live'), slider = view.querySelector('.gd-time');
  const painted = () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
  const changed = () => new Promise(resolve => {
    const watch = new MutationObserver(() => (watch.disconnect(), resolve()));
    watch.observe(view, { attributeFilter: ['data-shown'] });
  });
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const took = [], last = slider.max * 0.98;
  let by = -slider.max / 25;
  for (let i = 0; i < moves; i++) {
    if (way === 'rested') await new Promise(resolve => setTimeout(resolve, 500));
    const before = Number(view.dataset.shown), there = changed();
    let wished = before;
    if (way === 'dragged') {
      if (before + by < 0 || before + by > last) by = -by;
      wished = before + by;
    } else while (Math.abs(wished - before) < slider.max / 20) wished = Math.floor(random() * last);
    slider.value = wished;
    const began = performance.now();
    slider.dispatchEvent(new Event('input'));
    const late = new Promise(resolve => setTimeout(resolve, 1000, 'late'));
    if (await Promise.race([there, late]) === 'late') continue;  // the nearest picture is the one on show
    const came = performance.now();
    await painted();
    took.push([came - began, performance.now() - began]);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return took;
}
"""


def scrub(lab: Lab, title: str, moves: int) -> None:
    """Of one preset, while it plays and while it stands."""
    if lab.page.get_by_role("combobox", name="Preset").input_value() != title:
        lab.choose(title)
    lab.press("Space")
    lab.page.wait_for_timeout(15_000)  # some thirty pictures
    lab.press("ArrowLeft")
    wait_until(lambda: lab.attribute("shown") != "", "the past is shown")
    for status in ("running", "paused"):
        if status == "paused":
            lab.press("Space")
            wait_until(lambda: lab.status == "paused", "it stands still")
        for way in ("jumps", "dragged", "rested"):
            took = np.array(lab.page.evaluate(SCRUB, [moves if way != "rested" else moves // 4, way]))
            there, painted = (np.percentile(took[:, i], [50, 95]) for i in (0, 1))
            print(
                f"{title}, {status}, {way}: on the screen after {painted[0]:.0f} ms, p95 {painted[1]:.0f} ms "
                f"(there after {there[0]:.0f}, p95 {there[1]:.0f})",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=200)
    parser.add_argument("--preset", action="append", help="by its title; a few kinds unless some are named")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as home,
        running_app(GANDASH_RECORD="1", GANDASH_HOME=home) as app,
        running_browser() as browser,
    ):
        for title in given.preset or ("Two modes: D goes to 1/2", "Ring of 8", "Digits"):
            lab = Lab(browser, app.url)
            scrub(lab, title, given.moves)
            lab.close()


if __name__ == "__main__":
    main()
