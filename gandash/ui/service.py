"""The one supervisor of this server process, shared by the page's script runs and the socket's routes."""

from __future__ import annotations

from functools import cache

from gandash.trainer.supervisor import Supervisor


@cache
def supervisor() -> Supervisor:
    return Supervisor()
