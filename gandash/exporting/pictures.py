"""The stage, the panels of curves, or both side by side as pictures, drawn by the front end's own code in a browser that nobody
looks at."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from gandash.exporting.browser import Tab, tab
from gandash.exporting.replay import as_html
from gandash.server.recorded import OpenRun, nearest
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import say

STAGE, VIEW = "stage", "view"
SIZES = {STAGE: (800, 600), VIEW: (1280, 720)}
PANEL_SIZE = (480, 240)
LEAST_PX, MOST_PX = 100, 4000
MOST_DRAWN = 500_000_000  # bytes of the page that the browser draws from

Theme = Literal["light", "dark"]
Form = Literal["svg", "png"]
Size = tuple[int, int]


def as_picture(
    run: StoredRun,
    form: Form,
    step: int | None = None,
    what: str = STAGE,
    theme: Theme = "light",
    size: Size | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> bytes:
    """`what`: the stage, the view, which has curves beside it, or a panel by its key. Of `step` it is the recorded picture
    nearest to it, by default the newest; a line in the curves stands there. `size` in CSS px; a PNG has two pixels for each.
    The settings are in the file's metadata.

    Raises BrokenRun, of which NoBrowser is one.
    """
    places = OpenRun(run.directory).places()
    found = nearest(places, places[-1].step if step is None else step) if places else None
    if found is None:
        raise BrokenRun(say("{run} has no recorded pictures; there is nothing to draw", run=run.manifest.id))
    with drawn(run, [found.step]) as page:
        told(0.5)
        wanted = _wanted(what, theme, size, 2) | {"format": form}
        at = None if step is None else found.step
        return base64.b64decode(page.run(f"gandash.picture({json.dumps(wanted)}, {json.dumps(at)})"))


def frames(run: StoredRun, what: str, steps: Sequence[int], theme: Theme, size: Size | None) -> Iterator[bytes]:
    """A PNG of each of these steps, which have recorded pictures: one pixel for each of `size`. Raises BrokenRun."""
    wanted = json.dumps(_wanted(what, theme, size, 1))
    with drawn(run, steps) as page:
        while (packed := page.run(f"gandash.frame({wanted})")) is not None:
            yield base64.b64decode(packed)


def _wanted(what: str, theme: Theme, size: Size | None, scale: int) -> dict[str, Any]:
    width, height = size or SIZES.get(what, PANEL_SIZE)
    return {"what": what, "theme": theme, "width": width, "height": height, "scale": scale}


@contextmanager
def drawn(run: StoredRun, steps: Sequence[int]) -> Iterator[Tab]:
    """The page that replays these steps, in a browser."""
    with tempfile.TemporaryDirectory(prefix="gandash-picture-") as folder:
        file = Path(folder) / "replay.html"
        file.write_bytes(as_html(run, only=steps, most_bytes=MOST_DRAWN))
        with tab() as page:
            page.open(file)
            yield page
