"""A process that plays parts of a sweep: a line of JSON in for each, what it is at out, the part itself into its file.

It ends when nobody listens to it any more, also in the middle of a game: whoever has asked for a part asks again.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO


def main() -> None:
    """Parts from stdin until its end. What libraries print goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for whoever has started this
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    wanted: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_listen, args=(wanted,), daemon=True).start()

    from gandash.config.setting import SettingError
    from gandash.sweeps.playing import must_compile, play
    from gandash.sweeps.results import write_part
    from gandash.words import words_of

    while True:
        part = json.loads(wanted.get())
        try:
            _say(out, compiling=must_compile(part))
            table = play(part, lambda cell, steps: _say(out, cell=cell, steps=steps))
            write_part(Path(part["into"]), table)
        except (SettingError, OSError, MemoryError) as error:
            _say(out, failed=words_of(error).on_wire() if f"{error}" else type(error).__name__)
        except Exception:
            traceback.print_exc()
            _say(out, failed=traceback.format_exc(limit=-1).strip().splitlines()[-1])
        else:
            _say(out, part=part["number"])


def _listen(wanted: SimpleQueue[str]) -> None:
    for line in sys.stdin:
        wanted.put(line)
    os._exit(0)


def _say(out: TextIO, **what: Any) -> None:
    try:
        print(json.dumps(what), file=out, flush=True)
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    main()
