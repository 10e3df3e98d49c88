"""Where runs lie, and whether any are to be recorded."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from gandash.words import say


def home() -> Path:
    """The folder of all that is kept for this user: `GANDASH_HOME`, else `gandash` in the user's data directory.

    Raises OSError where nobody is at home.
    """
    if given := os.environ.get("GANDASH_HOME"):
        return Path(given)
    try:
        return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gandash"
    except RuntimeError as error:
        raise OSError(
            say("there is no place for runs: {error}; name one with {variable}", error=str(error), variable="GANDASH_HOME")
        ) from None


def runs_home() -> Path:
    return home() / "runs"


def is_wanted() -> bool:
    """Whether runs are recorded without being asked: unless `GANDASH_RECORD` is 0."""
    return os.environ.get("GANDASH_RECORD", "1").lower() not in ("0", "no", "off", "false")


def new_id() -> str:
    """Of a run that begins now; ids in their order are runs in theirs."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def owner_of(visitor: str) -> str:
    """What a manifest says of whose run it is: no folder may hold the cookie that opens a visitor's live runs."""
    return hashlib.sha256(b"gandash owner " + visitor.encode(errors="surrogatepass")).hexdigest()[:32] if visitor else ""


def is_owner(owner: str, visitor: str) -> bool:
    """Whether a run whose manifest names this owner is this visitor's. The machine's own are nobody's here."""
    return bool(visitor) and hmac.compare_digest(owner.encode(), owner_of(visitor).encode())
