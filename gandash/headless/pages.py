"""The page that shows a run while it is recorded: one that is served already, else one that is started for it."""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click

from gandash.headless.shown import tell
from gandash.paths import PAGE
from gandash.store.places import runs_home
from gandash.store.serving import served

ANSWER_SECONDS = 10.0  # a page with a class on it answers late; where nobody is, that is known at once
START_SECONDS = 180.0

_started: list[subprocess.Popen[bytes]] = []


def address_of(run: str, directory: Path) -> str:
    """The address of a run's page, which is printed; "" with a word on it where there can be none."""
    if directory.parent != runs_home():
        return _none(f"it is recorded in {directory}, where the page does not look")
    for address in served():
        if _shows(address, run):
            return _said(address, run)
    if not PAGE.is_file():
        return _none("none is served on this machine, and it can be started from the clone alone")
    address = _start()
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and _started[-1].poll() is None:
        if _shows(address, run):
            return _said(address, run)
        time.sleep(0.1)
    return _none("it could not be started")


def _said(address: str, run: str) -> str:
    found = f"{address}/record?record={run}"
    tell(f"Watch it at {found}")
    return found


def _none(why: str) -> str:
    click.echo(f"There is no page that shows it: {why}. It is recorded all the same.", err=True)
    return ""


def _shows(address: str, run: str) -> bool:
    """Whether who asks there from here is shown this run: it is this user's store, and nobody else is served by it."""
    try:
        with urllib.request.urlopen(f"{address}/gandash/recorded/{run}", timeout=ANSWER_SECONDS) as answer:
            return bool(json.load(answer)["run"] == run)
    except (OSError, ValueError, KeyError, TypeError):  # nobody there, or something else
        return False


def _start() -> str:
    """The page on a port that is free, in a process that ends with this one, however that ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"GANDASH_ENGINE": "torch", "PYTHONPATH": os.pathsep.join([str(PAGE.parent), *filter(None, sys.path)])}
    process = subprocess.Popen(
        [sys.executable, "-m", "gandash.headless.page_beside", str(PAGE), str(port)],
        cwd=PAGE.parent,  # where its settings are
        env=os.environ | own,  # nothing is compiled beside the loop
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started.append(process)
    if len(_started) == 1:
        atexit.register(close)
    return f"http://127.0.0.1:{port}"


def close() -> None:
    """End the pages that this process has started."""
    while _started:
        process = _started.pop()
        process.communicate()
