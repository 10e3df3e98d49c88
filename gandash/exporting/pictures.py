"""The stage and the panels of curves as pictures, drawn by the front end's own code in a browser that nobody looks at."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from gandash.exporting.browser import Tab, tab
from gandash.exporting.replay import as_html
from gandash.server.recorded import OpenRun, nearest
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun

STAGE = "stage"
SIZES = {STAGE: (800, 600)}
PANEL_SIZE = (480, 240)

Theme = Literal["light", "dark"]


def as_picture(
    run: StoredRun,
    what: str,
    form: Literal["svg", "png"],
    step: int | None = None,
    theme: Theme = "light",
    size: tuple[int, int] | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> bytes:
    """`what`: the stage, or a panel by its key. Of `step` it is the recorded picture nearest to it, by default the newest; a
    line in the curves stands there. `size` in CSS px; a PNG has two pixels for each. The settings are in the file's metadata.

    Raises BrokenRun, of which NoBrowser is one.
    """
    places = OpenRun(run.directory).places()
    found = nearest(places, places[-1].step if step is None else step) if places else None
    if found is None:
        raise BrokenRun(f"{run.manifest.id} has no recorded pictures; there is nothing to draw")
    with _drawn(run, [found.step]) as page:
        told(0.5)
        return _picture(page, what, form, None if step is None else found.step, theme, size, 2)


@contextmanager
def _drawn(run: StoredRun, steps: list[int]) -> Iterator[Tab]:
    """The page that replays these steps, in a browser."""
    with tempfile.TemporaryDirectory(prefix="gandash-picture-") as folder:
        file = Path(folder) / "replay.html"
        file.write_bytes(as_html(run, only=steps))
        with tab() as page:
            page.open(file)
            yield page


def _picture(
    page: Tab, what: str, form: str, step: int | None, theme: Theme, size: tuple[int, int] | None, scale: int
) -> bytes:
    width, height = size or SIZES.get(what, PANEL_SIZE)
    wanted = {"what": what, "format": form, "theme": theme, "width": width, "height": height, "scale": scale}
    packed: Any = page.run(f"gandash.picture({json.dumps(wanted)}, {json.dumps(step)})")
    return base64.b64decode(packed)
