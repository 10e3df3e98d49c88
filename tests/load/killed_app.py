"""What is left of runs when the whole app, server and workers, is killed with -9 at some moment: by hand.

    python tests/load/killed_app.py [MOMENTS] [RUNS]

Each time an app with RUNS runs that play and are recorded is begun, and killed at a random moment within five seconds. As at
the next start each of them has to be listed, to open, and to go on from its last keyframe to the same trajectory: to the state
that the run itself, played from its beginning, has there. Exit status 1 where one does not.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
SERVER = """
import sys, time
from gandash.presets import PRESETS
from gandash.server.supervisor import Supervisor
from gandash.wire.browser import Role
from gandash.wire.messages import Play

keeper = Supervisor()
names = ["dirac-orbit", "two-modes", "ring", "digits"]
runs = []
for i in range(int(sys.argv[1])):
    preset = PRESETS[names[i % len(names)]]
    run = keeper.create(preset.config.replace("run.seed", i), preset.title, "somebody")
    run.attach(Role.STEER, lambda: None)
    run.order(Play())
    runs.append(run)
while not all(run.step for run in runs):
    time.sleep(0.01)
print("plays", flush=True)
while True:
    time.sleep(1)
"""


def killed(home: Path, runs: int, seconds: float) -> None:
    """An app that plays there, and so many seconds later is gone with all its processes."""
    env = os.environ | {"GANDASH_HOME": str(home), "GANDASH_RECORD": "1", "GANDASH_ENGINE": "torch", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVER, str(runs)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, start_new_session=True) as app:
        assert app.stdout is not None and app.stdout.readline() == b"plays\n"
        time.sleep(seconds)
        all_of_it = [*psutil.Process(app.pid).children(recursive=True), psutil.Process(app.pid)]
        for process in all_of_it:
            process.kill()
        psutil.wait_procs(all_of_it[:-1], 10)


def looked_at(home: Path) -> Counter[str]:
    """How many runs there are of which this can be said."""
    os.environ["GANDASH_HOME"] = str(home)
    from gandash.store.index import runs
    from gandash.store.keyframes import state_hash
    from gandash.store.reading import StoredRun
    from gandash.worker.keyframe import at_the_beginning, games_at, play_on, read, state_of
    from gandash.worker.trajectory import be_reproducible

    be_reproducible()
    found: Counter[str] = Counter()
    for entry in runs():
        found["listed"] += 1
        if entry.problem:
            print(entry, file=sys.stderr)
            found["broken"] += 1
            continue
        run = StoredRun(home / "runs" / entry.id)
        for place in run.pictures():
            run.picture(place)
        keyframes = run.keyframes
        found["with a keyframe"] += bool(keyframes)
        games = games_at(run)
        found["open"] += games.step == run.steps
        again = at_the_beginning(run)
        for name in keyframes[-1:]:
            play_on(again, run, name.first)
            same = state_hash(state_of(again)) == state_hash(state_of(read(run, name)))
            found["same at the last keyframe" if same else "broken"] += 1
        play_on(again, run, run.steps)
        same = state_hash(state_of(again)) == state_hash(state_of(games))
        found["same at the end" if same else "broken"] += 1
    return found


def main() -> None:
    moments, runs = (int(given) for given in (*sys.argv[1:], *("50", "2")[len(sys.argv) - 1 :]))
    chance, total = random.Random(1), Counter[str]()
    for n in range(moments):
        with tempfile.TemporaryDirectory() as place:
            seconds = chance.uniform(0, 5)
            killed(Path(place), runs, seconds)
            found = looked_at(Path(place))
        total += found
        print(f"{n + 1}: killed after {seconds:.2f} s: {dict(found)}", flush=True)
    print(dict(total))
    sys.exit(bool(total["broken"]))


if __name__ == "__main__":
    main()
