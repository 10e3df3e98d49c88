"""What the tests of worker processes share: a fork server, and an owner that only remembers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gandash.server.forkserver import ForkServer


@pytest.fixture(scope="module")
def forkserver() -> Iterator[ForkServer]:
    """One for a module's tests: importing torch takes longer than any of them."""
    server = ForkServer()
    yield server
    server.close()
