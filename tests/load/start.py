"""How long a person waits: from `streamlit run` to the first drawn frame, and from play to the first new frame.

python tests/load/start.py [--rounds 3]
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


def once(browser: Browser) -> dict[str, float]:
    """Seconds of each wait, on a fresh app and a fresh page."""
    began = time.monotonic()
    with running_app() as app:
        answered = time.monotonic()
        lab = Lab(browser, app.url)
        drawn = time.monotonic()
        again = Lab(browser, app.url)
        second = time.monotonic()
        first_play = lab.page.evaluate(PLAY) / 1000
        lab.context.close()
        again.context.close()
    return {
        "streamlit run -> it answers": answered - began,
        "streamlit run -> first drawn frame": drawn - began,
        "a second page -> its first drawn frame": second - drawn,
        "play -> first new frame": first_play,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with running_browser() as browser:
        found = [once(browser) for _ in range(rounds)]
    for name in found[0]:
        seconds = [f[name] for f in found]
        print(f"{name}: {statistics.median(seconds):.3f} s (of {rounds}: {', '.join(f'{s:.3f}' for s in seconds)})")


if __name__ == "__main__":
    main()
