"""Serves the page for as long as somebody holds the pipe that it was given as stdin: however that one ends, it ends too.

python -m gandash.headless.page_beside app.py PORT
"""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress

from gandash.headless.modesty import give_way


def main() -> None:
    app, port = sys.argv[1:]
    give_way()  # it is looked at beside work that goes first
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = [f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1"]
    served = subprocess.Popen([sys.executable, "-m", "streamlit", "run", app, *options], stdin=subprocess.DEVNULL)
    with suppress(OSError):
        sys.stdin.buffer.read()
    served.send_signal(signal.SIGINT)
    try:
        served.wait(10)
    except subprocess.TimeoutExpired:
        served.kill()


if __name__ == "__main__":
    main()
