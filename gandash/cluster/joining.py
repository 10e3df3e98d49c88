"""Joining a Ray cluster, or saying in words why there is none."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from gandash.cluster import arriving
from gandash.words import of_system, say

VERSION = "2.60.0"  # of Ray, which must be the cluster's
AUTO = "auto"
CONNECT_SECONDS = 5.0

_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))  # the frame that both sides of HTTP/2 begin with (RFC 9113, 3.4 and 6.5)
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS


class NoCluster(ValueError):
    """There is no cluster to work on: says why, and what to try."""


@contextmanager
def joined(address: str) -> Iterator[Any]:
    """Ray, connected to the cluster at HOST:PORT, at ray://HOST:PORT, or at "auto" the one that this machine belongs to. Raises
    NoCluster."""
    if find_spec("ray") is None:
        raise NoCluster(
            say("{address}: Ray is not installed here: {command}", address=address, command=f"pip install ray=={VERSION}")
        )
    import ray

    ray.cloudpickle.register_pickle_by_value(arriving)
    if ray.is_initialized():  # a notebook's own connection is used, and left
        yield ray
        return
    _must_answer(address)
    with _signals_kept():
        try:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # whatever it is: there is no cluster
            raise NoCluster(say("{address}: {error}", address=address, error=first_line(error))) from None
    try:
        yield ray
    finally:
        ray.shutdown()  # what is in play there ends with it


def _must_answer(address: str) -> None:
    """Ray would try for a quarter of an hour. Raises NoCluster."""
    address = os.environ.get("RAY_ADDRESS", AUTO) if address == AUTO else address
    if address == AUTO:  # Ray looks among this machine's processes
        return
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise NoCluster(
            say("{address}: this is no address; give auto, or HOST:PORT as `ray start --head` prints it", address=address)
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS) as there:
            there.sendall(_HELLO)
            answer = there.recv(len(_SETTINGS))
    except OSError as error:
        raise NoCluster(
            say(
                "{address}: nothing answers there ({error}); is `ray start --head` running?",
                address=address,
                error=of_system(error),
            )
        ) from None
    if answer[3:4] != _SETTINGS[3:4] and os.environ.get("RAY_USE_TLS", "0") == "0":
        raise NoCluster(
            say("{address}: whoever answers there is no Ray; give HOST:PORT as `ray start --head` prints it", address=address)
        )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
