"""How long a person waits: from `streamlit run` and from opening the page to the first drawn frame, and from play to a new one.

python tests/load/start.py [--rounds 3] [--against COMMIT]

With `--against`, that commit's app is measured as well, in turn with this one and in the same browser: ratios within one run.
The load of the machine is printed with them, since it changes all of these.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from driving import ROOT, running_app, running_browser
from playwright.sync_api import Browser, Page

# The time from the key to the first painted frame of a later step, on the page's own clock
PLAY = """
() => new Promise(resolve => {
  const view = document.querySelector('[data-testid="live-view"]');
  const step = view.dataset.step;
  const began = performance.now();
  const look = () => (view.dataset.step !== step ? resolve(performance.now() - began) : requestAnimationFrame(look));
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', code: 'Space', bubbles: true }));
  look();
})
"""


FIRST = "document.querySelector('[data-testid=\"live-view\"]')?.dataset.painted > 0"


def opened(browser: Browser, url: str) -> tuple[Page, float]:
    """A page in a browser context of its own, and the seconds from entering its address to the first drawn frame."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    began = time.monotonic()
    page.goto(url, wait_until="commit")
    page.wait_for_function(FIRST, timeout=240_000, polling="raf")
    return page, time.monotonic() - began


def once(browser: Browser, root: Path) -> dict[str, float]:
    """Seconds of each wait, on a fresh app and fresh pages."""
    began = time.monotonic()
    with running_app(root=root) as app:
        answered = time.monotonic()
        first, from_address = opened(browser, app.url)
        drawn = time.monotonic()
        for whole in ("window.Plotly", "document.querySelector('[data-testid=stSidebar] [data-testid=stExpander]')"):
            first.wait_for_function(whole)  # else its curves and controls, which come later, would be on the second page's bill
        second, second_from_address = opened(browser, app.url)
        first_play = first.evaluate(PLAY) / 1000
        first.context.close()
        second.context.close()
    return {
        "streamlit run -> it answers": answered - began,
        "streamlit run -> first drawn frame": drawn - began,
        "page opened -> first drawn frame": from_address,
        "a second page opened -> its first drawn frame": second_from_address,
        "play -> first new frame": first_play,
    }


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """That commit's files in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        tree = str(Path(folder) / "tree")
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", tree, commit], cwd=ROOT, check=True)
        try:
            yield Path(tree)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", metavar="COMMIT")
    given = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {}
    with ExitStack() as stack:
        roots = {"now": ROOT}
        if given.against:
            roots[given.against] = stack.enter_context(checked_out(given.against))
        browser = stack.enter_context(running_browser())
        for i in range(given.rounds):
            for name, root in roots.items() if i % 2 == 0 else reversed(roots.items()):
                found.setdefault(name, []).append(once(browser, root))
                print(f"round {i + 1}, {name}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    for wait in found["now"][0]:
        medians = {name: statistics.median(f[wait] for f in all_found) for name, all_found in found.items()}
        print(wait)
        for name, all_found in found.items():
            ratio = f", {medians['now'] / medians[name]:.2f} of it now" if name != "now" else ""
            print(f"  {name}: {medians[name]:.3f} s ({', '.join(f'{f[wait]:.3f}' for f in all_found)}){ratio}")


if __name__ == "__main__":
    main()
