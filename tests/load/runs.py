"""How long the page of runs takes with many of them, and until a long one that is opened shows its first picture.

    python tests/load/runs.py [--runs 1000] [--steps 100000] [--home DIR]

The runs are made up, but for the long one, which `train` plays and records (a minute or two). Timed: the index made anew, and
asked again; from the press of *Runs* to its table; and from the press of *Open* to the end of the animation frame in which the
stage is painted, in a headless Chromium. With --home the runs stay there, and are used again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[2]))

from driving import ROOT, Lab, running_app, running_browser
from store.writing_runs import manifest, rows

from gandash.store import index
from gandash.store.writing import RunWriter

TABLE = '[data-testid="stDataFrame"] canvas'

# From the press to the frame in which the recorded stage is painted, on the page's own clock
OPEN = """
() => new Promise(resolve => {
  const began = performance.now();
  const look = () => (Number(document.querySelector('.gd-live[data-status="recorded"]')?.dataset.painted) > 0
    ? setTimeout(() => resolve(performance.now() - began)) : requestAnimationFrame(look));
  [...document.querySelectorAll('.st-key-runs-actions a')].find(a => a.textContent.includes('Open')).click();
  look();
})
"""


def make(home: Path, count: int) -> None:
    for i in range(count):
        name = f"made-{i:05d}"
        created = f"2026-01-{1 + i // 50 % 28:02d}T{i % 24:02d}:{i % 60:02d}:00+00:00"
        writer = RunWriter(home / "runs" / name, manifest(id=name, title=f"Made up {i}", created=created))
        writer.rows(rows(1, 300))
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--home")
    given = parser.parse_args()
    with nullcontext(given.home) if given.home else tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if not (home / "runs").is_dir():
            train = ["train", "--preset", "two-modes", "--steps", str(given.steps), "--json"]
            environment = os.environ | {"GANDASH_HOME": folder, "GANDASH_RECORD": "1"}
            command = [sys.executable, "-m", "gandash", *train]
            subprocess.run(command, check=True, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
            make(home, given.runs)
        (home / index.FILE).unlink(missing_ok=True)
        for what in ("made anew", "asked again"):
            began = time.perf_counter()
            found = len(index.runs(home))
            print(f"index of {found} runs, {what}: {1000 * (time.perf_counter() - began):.0f} ms", flush=True)
        with running_app(GANDASH_RECORD="1", GANDASH_HOME=folder) as app, running_browser() as browser:
            lab = Lab(browser, app.url)
            took, listed = [], []
            for _ in range(5):
                began = time.perf_counter()
                lab.page.get_by_role("link", name="Runs", exact=True).click()
                lab.page.wait_for_selector(TABLE)
                listed.append(time.perf_counter() - began)
                lab.page.wait_for_timeout(1000)
                curves = lab.page.locator(".js-plotly-plot .main-svg").first
                if not curves.is_visible():  # else the run is still chosen from before, and a click would let go of it
                    place = lab.page.locator('[data-testid="stDataFrame"]').bounding_box()
                    assert place is not None
                    lab.page.mouse.click(place["x"] + 17, place["y"] + 35 * 1.5)
                    curves.wait_for()
                lab.page.wait_for_timeout(1000)
                took.append(lab.page.evaluate(OPEN) / 1000)
                lab.page.wait_for_timeout(500)
            print(f"the page with its table: {statistics.median(listed):.2f} s, at most {max(listed):.2f} s")
            print(f"a run of {given.steps:,} steps opened: first picture after {statistics.median(took):.2f} s, "
                  f"at most {max(took):.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
