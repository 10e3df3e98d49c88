"""A page in a browser that nobody looks at: the installed Chromium, spoken to through a pipe.

Its DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) goes over two pipes (`--remote-debugging-pipe`):
no port is opened.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import Any

from gandash.store.format import BrokenRun
from gandash.words import of_system, say

VARIABLE = "GANDASH_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
PATIENCE_SECONDS = 120.0  # for one answer
END_SECONDS = 5.0
# The protocol is spoken on descriptors 3 and 4. dash moves none above 9, and `preexec_fn` is not for programs with threads
_LAUNCH = """
import os, sys
theirs = [os.dup(int(number)) for number in sys.argv[1:3]]
while min(theirs) < 5:
    theirs = [os.dup(number) for number in theirs]
for number, place in zip(theirs, (3, 4)):
    os.dup2(number, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


class NoBrowser(BrokenRun):
    """There is none that can draw, or it does not answer."""


def find() -> str:
    """The browser's program. Raises NoBrowser."""
    wanted = os.environ.get(VARIABLE, "")
    found = shutil.which(wanted) if wanted else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        what = (
            say("{variable} names {program}, which is not there", variable=VARIABLE, program=repr(wanted))
            if wanted
            else say("no Chromium or Chrome was found on this machine")
        )
        raise NoBrowser(
            say(
                "pictures are drawn by the page's own code in a browser, and {what}: install Debian's chromium, say, or name "
                "one in {variable}, or take replay.html and save pictures from there",
                what=what,
                variable=VARIABLE,
            )
        )
    return found


class Tab:
    """One page. Raises NoBrowser where the browser falls silent or what it was told to do fails."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._waiting = b""
        self._last = 0
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, page: Path) -> None:
        self._call("Page.navigate", url=page.as_uri())
        self.run("new Promise(resolve => document.readyState === 'complete' ? resolve() : addEventListener('load', resolve))")

    def run(self, script: str) -> Any:
        """What an expression comes to, a promise's value included."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"].get("exception", {})
            raise NoBrowser(str(thrown.get("description", thrown.get("value", "the page failed"))).partition("\n")[0])
        return answer["result"].get("value")

    def _call(self, method: str, **given: Any) -> dict[str, Any]:
        self._last += 1
        said = {"id": self._last, "method": method, "params": given}
        if self._session:
            said["sessionId"] = self._session
        try:
            _write(self._to, json.dumps(said).encode() + b"\0")
            while True:
                answer = json.loads(self._read())
                if answer.get("id") == self._last:
                    break
        except OSError as error:
            raise NoBrowser(say("the browser has gone: {error}", error=of_system(error))) from None
        if "error" in answer:
            raise NoBrowser(
                say("the browser refused {method}: {error}", method=method, error=str(answer["error"].get("message", "")))
            )
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self) -> bytes:
        parts = [self._waiting]
        while b"\0" not in parts[-1]:
            if not select([self._from], [], [], PATIENCE_SECONDS)[0]:
                raise NoBrowser(say("the browser has not answered for {seconds} s", seconds=f"{PATIENCE_SECONDS:.0f}"))
            more = os.read(self._from, 2**20)
            if not more:
                raise NoBrowser(say("the browser ended before it had drawn anything"))
            parts.append(more)
        message, _, self._waiting = b"".join(parts).partition(b"\0")
        return message


def _write(descriptor: int, body: bytes) -> None:
    while body:
        body = body[os.write(descriptor, body) :]


@contextmanager
def tab() -> Iterator[Tab]:
    """A page in a browser of its own, which ends with the block. Raises NoBrowser."""
    program = find()
    with tempfile.TemporaryDirectory(prefix="gandash-browser-", ignore_cleanup_errors=True) as profile:
        to_browser, from_browser = os.pipe(), os.pipe()
        ours, theirs = (to_browser[1], from_browser[0]), (to_browser[0], from_browser[1])
        command = [
            program,
            "--headless",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            "--no-first-run",
            "--disable-gpu",
            "--disable-extensions",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--window-size=1280,720",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # as root it has none, and says so
        ]
        launched = [sys.executable, "-I", "-S", "-c", _LAUNCH, *map(str, theirs), *command]
        process = subprocess.Popen(
            launched, pass_fds=theirs, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            for descriptor in theirs:
                os.close(descriptor)
            yield Tab(*ours)
        finally:
            for descriptor in ours:
                with suppress(OSError):
                    os.close(descriptor)
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
