"""What share of its time the worker of a live run measures for the curves, at full speed and with a viewer; 15 % is the most.

python tests/load/measuring.py [PRESET ...]
"""

from __future__ import annotations

import queue
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.config import GameConfig
from gandash.presets import PRESETS
from gandash.wire.messages import FRAME, End, SendFrame, Start
from gandash.worker.loop import Inbox, Loop
from gandash.worker.observer import Observer

SECONDS = 10.0
WARM_FRAMES = 5


def share(config: GameConfig) -> float:
    """Seconds of CPU spent on measuring over those of the whole loop, which runs here, between queues."""
    measure, spent, began = Observer._measure_for_curves, [0.0], [0.0, 0.0]
    inbox: Inbox = queue.SimpleQueue()
    frames = 0

    def timed(observer: Observer, with_jsd: bool) -> None:
        start = time.thread_time()
        measure(observer, with_jsd)
        spent[0] += time.thread_time() - start

    def note(kind: bytes, body: bytes) -> None:
        nonlocal frames
        if kind != FRAME:
            return
        frames += 1
        if frames == WARM_FRAMES:
            spent[0], began[:] = 0.0, (time.thread_time(), time.monotonic())
        over = frames > WARM_FRAMES and time.monotonic() > began[1] + SECONDS
        inbox.put(End() if over else SendFrame())

    Observer._measure_for_curves = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as directory:
            inbox.put(Start(generation=1, configs=(config,), directory=directory, playing=True))
            inbox.put(SendFrame())
            Loop(inbox, note, time.monotonic).run()
        return spent[0] / (time.thread_time() - began[0])
    finally:
        Observer._measure_for_curves = measure  # type: ignore[method-assign]


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or ["ring"]:
        print(f"{name}: {share(PRESETS[name].config):.1%} of the worker's time measures")
