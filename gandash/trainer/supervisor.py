"""See `gandash.server.supervisor`."""

from gandash.server.health import Limits
from gandash.server.supervisor import NoRoom, Supervisor

__all__ = ["Limits", "NoRoom", "Supervisor"]
