"""A run as text for an address: a ready game and what differs from it, what was changed when, and where it stands.

`FORMAT.md` describes the text. Writing needs a run's configs and event log; reading takes any text at all, and gives the
nearest valid game with a sentence on each part that was left out.
"""

from __future__ import annotations

from gandash.links.reading import Link, of_address, read
from gandash.links.records import filled
from gandash.links.writing import Writer, Written, fingerprint

__all__ = ["Link", "Writer", "Written", "filled", "fingerprint", "of_address", "read"]
