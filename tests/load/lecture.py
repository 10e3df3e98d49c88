"""One presenter and many who look on: what each of them gets, what it costs the training, and how much memory the server takes.

python tests/load/lecture.py [--viewers 100] [--seconds 10] [--rounds 3] [--then 1000] [--pace 300|max]

A real app, whose run is played at its own pace or as fast as it goes; the presenter takes 30 pictures a second, as a browser
does, and each viewer says at once that it has painted its picture. The viewers share this machine: a process of their own,
whose use of the processor is stated. Phases with one viewer and with many follow each other, so that what else the machine does
meets both; what is stated is their ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1]))

from driving import App, running_app

from gandash.wire.frame import unpack

ACK = json.dumps({"type": "ack"}).encode()
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
BATCH = 25  # that knock in the same instant


# ------------------------------------------------------------------------------------------------------------- viewers


class Onlooker(asyncio.Protocol):
    """One socket of the audience, with as little work of its own as can be."""

    def __init__(self, host: str, path: str, first: bytes) -> None:
        self._hello, self._first = self._handshake(host, path), first
        self._buffer = bytearray()
        self._is_open = False
        self.pictures = self.bytes = 0
        self.is_lost = False

    @staticmethod
    def _handshake(host: str, path: str) -> bytes:
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
        )
        return "\r\n".join([*lines, f"Sec-WebSocket-Key: {key}", "", ""]).encode()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(self._hello)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True

    def _say(self, kind: int, body: bytes) -> None:
        assert len(body) < 126
        self._transport.write(bytes((0x80 | kind, 0x80 | len(body), 0, 0, 0, 0)) + body)  # a mask of zeros changes nothing

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self.bytes += len(data)
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head[:20]:
                self._transport.close()
                return
            self._is_open, self._buffer = True, rest
            self._say(TEXT, self._first)
        while (message := self._next()) is not None:
            kind, body = message
            if kind == BINARY and b'"frame' in body[:400]:  # behind its curves
                self.pictures += 1
                self._say(TEXT, ACK)
            elif kind == PING:
                self._say(PONG, body)
            elif kind == CLOSE:
                self._transport.close()

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        kind, length, at = buffer[0] & 15, buffer[1] & 127, 2
        if length >= 126:
            at = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:at])
        if len(buffer) < at + length:
            return None
        body = bytes(buffer[at : at + length])
        del buffer[: at + length]
        return kind, body


async def look_on(url: str, code: str, count: int) -> None:
    """So many of them, until standard input closes: at each line there, one line of JSON, what they have had so far."""
    where, loop = urlsplit(url), asyncio.get_running_loop()
    host, port = where.hostname or "localhost", where.port or 80
    first = json.dumps({"type": "look", "code": code}).encode()
    all: list[Onlooker] = []
    for begin in range(0, count, BATCH):
        made = [
            loop.create_connection(lambda: Onlooker(where.netloc, f"{where.path}gandash/watch", first), host, port)
            for _ in range(begin, min(begin + BATCH, count))
        ]
        opened = await asyncio.gather(*made, return_exceptions=True)
        all += [each[1] for each in opened if not isinstance(each, BaseException)]
        await asyncio.sleep(0.05)
    while await asyncio.to_thread(sys.stdin.readline):
        said = {
            "at": time.monotonic(),
            "pictures": [each.pictures for each in all],
            "bytes": sum(each.bytes for each in all),
            "lost": count - len(all) + sum(each.is_lost for each in all),
            "cpu": time.process_time(),
        }
        print(json.dumps(said), flush=True)


class Audience:
    """The viewers' process."""

    def __init__(self, url: str, code: str, count: int) -> None:
        command = [sys.executable, __file__, "--look-on", url, code, str(count)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def audience(url: str, code: str, count: int) -> Iterator[Audience]:
    found = Audience(url, code, count)
    try:
        while not all((read := found.read())["pictures"]) and not read["lost"]:  # until each has had its first
            time.sleep(0.2)
        yield found
    finally:
        found.close()


# ----------------------------------------------------------------------------------------------------------- presenter


class Presenter:
    """The presenter's browser: takes 30 pictures a second, and knows the step."""

    def __init__(self, app: App) -> None:
        cookie = {"Cookie": f"gandash_visitor={secrets.token_urlsafe(24)}"}
        address = app.url.replace("http", "ws", 1) + "gandash/live"
        self._socket: ClientConnection = connect(
            address, additional_headers=cookie, max_size=None, compression=None, legacy=True
        )
        self.step, self.pictures, self.code = 0, 0, ""
        self.say(type="hello", token="", arriving=f"new-{secrets.token_hex(4)}")
        threading.Thread(target=self._listen, daemon=True).start()
        while not self.pictures:
            time.sleep(0.05)
        self.say(type="present")
        while not self.code:
            time.sleep(0.05)

    def say(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def _messages(self) -> Iterator[str | bytes]:
        with suppress(ConnectionClosed):  # the app ends before this does
            yield from self._socket

    def _listen(self) -> None:
        for message in self._messages():
            if isinstance(message, str):
                found = json.loads(message)
                if found["type"] == "presenting":
                    self.code = found["code"]
                continue
            label, _ = unpack(message)
            if label["kind"] == "frame":
                self.step, self.pictures = label["step"], self.pictures + 1
                time.sleep(1 / 30)
                self.say(type="ack")


# ------------------------------------------------------------------------------------------------------------- measured


def worker_seconds(app: App) -> float:
    """CPU time of all workers; the spare has none."""
    return sum(sum(worker.cpu_times()[:2]) for worker in app.workers())


def phase(app: App, presenter: Presenter, viewers: int, seconds: float) -> dict[str, Any]:
    server = psutil.Process(app.process.pid)
    with audience(app.url, presenter.code, viewers) as looking:
        time.sleep(1.0)
        before, step, shown = looking.read(), presenter.step, presenter.pictures
        cpu, trained = sum(server.cpu_times()[:2]), worker_seconds(app)
        time.sleep(seconds)
        after, stepped, showed = looking.read(), presenter.step - step, presenter.pictures - shown
        passed = after["at"] - before["at"]
        memory = server.memory_full_info().uss / 1e6
        spent, training = sum(server.cpu_times()[:2]) - cpu, worker_seconds(app) - trained
    rates = [(b - a) / passed for a, b in zip(before["pictures"], after["pictures"], strict=True)]
    had = sum(rates) * passed
    return {
        "viewers": viewers,
        "steps": stepped / passed,
        "steps_of_cpu": stepped / training,
        "presenter": showed / passed,
        "rates": rates,
        "bytes": (after["bytes"] - before["bytes"]) / had if had else 0.0,
        "memory": memory,
        "server": spent / passed,
        "clients": (after["cpu"] - before["cpu"]) / passed,
        "lost": after["lost"],
    }


def said(found: dict[str, Any]) -> str:
    rates: Sequence[float] = found["rates"] or [0.0]
    return (
        f"{found['viewers']:5} viewers: each {min(rates):.1f} to {max(rates):.1f} pictures/s (half of them "
        f"{statistics.median(rates):.1f} or more), presenter {found['presenter']:.1f}; "
        f"{found['bytes'] / 1e3:.1f} kB a picture; {found['steps']:.0f} steps/s, {found['steps_of_cpu']:.0f} a CPU second; "
        f"server {found['memory']:.0f} MB, {100 * found['server']:.0f} % of a core, "
        f"viewers {100 * found['clients']:.0f} %; lost {found['lost']}; load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--then", type=int, default=1000, help="so many at the end; 0: none")
    parser.add_argument("--pace", default="300", help="rounds a second, or max")
    parser.add_argument("--look-on", nargs=3, metavar=("URL", "CODE", "COUNT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.look_on:
        url, code, count = given.look_on
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        asyncio.run(look_on(url, code, int(count)))
        return
    with running_app() as app:
        presenter = Presenter(app)
        pace = None if given.pace == "max" else float(given.pace)
        presenter.say(type="speed", steps_per_second=pace)
        presenter.say(type="play")
        while presenter.step < 200:
            time.sleep(0.1)
        one: list[dict[str, Any]] = []
        many: list[dict[str, Any]] = []
        for _ in range(given.rounds):
            for count, into in ((1, one), (given.viewers, many)):
                into.append(phase(app, presenter, count, given.seconds))
                print(said(into[-1]), flush=True)
        memory = many[0]["memory"] - one[0]["memory"]
        slowest = min(rate for each in many for rate in each["rates"])
        for what, of in (("second", "steps"), ("second of the worker's CPU time", "steps_of_cpu")):
            ratios = sorted(b[of] / a[of] for a, b in zip(one, many, strict=True))
            said_of = f"{statistics.median(ratios):.3f} ({ratios[0]:.2f} to {ratios[-1]:.2f}; {len(ratios)} pairs)"
            print(f"steps a {what}, {given.viewers} viewers : one, median: {said_of}")
        print(f"the slowest viewer: {slowest:.1f} pictures/s; the server took {memory:.1f} MB more, the first time")
        if given.then:
            print(said(phase(app, presenter, given.then, given.seconds)), flush=True)
            print(said(phase(app, presenter, 1, given.seconds)), flush=True)
        log = app.log.read_text()
    print(log[-1500:] if "Traceback" in log or "rror" in log else "the server's log has no error")


if __name__ == "__main__":
    main()
