"""Whose recorded runs are shown to whom.

A visitor is known by the random cookie of `doors`, and is shown the runs that this browser has begun, copied or brought.
Whoever sits at the machine itself is shown all, those of `train` and of Python and of other browsers too: the app listens on
this machine alone, the browser's address names it, and nothing says that a proxy stands in between. Where a proxy hides
itself so well, or one person has the app to themselves behind one, `GANDASH_SHARED` says it: 1 or 0.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st

from gandash.store.index import Entry
from gandash.store.places import is_owner, owner_of
from gandash.ui.doors import VISITOR_COOKIE, stated_hosts

log = logging.getLogger("gandash.door")

SHARED = "GANDASH_SHARED"
PROXIES_ADD = ("forwarded", "via", "x-real-ip", *(f"x-forwarded-{what}" for what in ("for", "host", "proto", "server", "port")))


@dataclass(frozen=True)
class Visitor:
    """Who looks: `name` is the cookie's, "" without one; `is_at_home`: at the machine itself."""

    name: str
    is_at_home: bool = False

    @property
    def owner(self) -> str:
        """Whose a run is that they bring or copy; "" is the machine's own user."""
        return "" if self.is_at_home else owner_of(self.name)

    def may_see(self, owner: str) -> bool:
        """A run of this owner, which includes to rename and to remove it."""
        return self.is_at_home or is_owner(owner, self.name)

    def own(self, entries: list[Entry]) -> list[Entry]:
        return [entry for entry in entries if self.may_see(entry.owner)]


def visitor_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> Visitor:
    """Who asks, by the request's headers in small letters, or however they are looked up without regard to that."""
    return Visitor(cookies.get(VISITOR_COOKIE, ""), is_at_home(headers))


def is_at_home(headers: Mapping[str, str]) -> bool:
    """Whether whoever asks sits at this machine."""
    if (shared := is_shared()) is not None:
        return not shared
    listens_here = is_loopback(str(st.get_option("server.address") or ""))
    if not listens_here or any(not is_loopback(host) for host, _ in stated_hosts()):
        return False
    origin, host = headers.get("origin"), headers.get("host", "")
    hosts = [_name(f"//{host}"), *([_name(origin)] if origin else [])]
    return all(map(is_loopback, hosts)) and not any(headers.get(name) for name in PROXIES_ADD)


@cache
def is_shared() -> bool | None:
    """What `GANDASH_SHARED` says, None where it says nothing."""
    given = os.environ.get(SHARED, "").strip().lower()
    if given in ("1", "yes", "on", "true"):
        return True
    if given in ("0", "no", "off", "false"):
        return False
    if given:
        log.warning("%s: given %r; 1 or 0 is needed, and it counts as 1", SHARED, given)
        return True
    return None


def _name(address: str) -> str:
    with suppress(ValueError):
        return urlsplit(address).hostname or ""
    return ""


def is_loopback(host: str) -> bool:
    """Whether this name can be no other machine than this."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
