"""See `gandash.server.supervisor`."""

from gandash.server.health import Limits
from gandash.server.supervisor import Supervisor
from gandash.server.supervisor import Unavailable as NoRoom

__all__ = ["Limits", "NoRoom", "Supervisor"]
