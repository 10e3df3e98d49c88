"""`python -m gandash.worker.compiling [SECONDS]`: after so many seconds, compiles rounds for this machine unless that is done.

It takes half a minute of what the processor has left over. Until it is done, games are played by torch.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Sequence

from gandash.game.compiled import disk_cache
from gandash.game.compiled.making import make_ready

log = logging.getLogger("gandash.worker")


def main(arguments: Sequence[str] = ()) -> int:
    """The exit status: 0 where all is ready."""
    if not disk_cache.is_wanted():
        return 0
    for seconds in arguments:
        time.sleep(float(seconds))
    if disk_cache.is_ready():
        return 0
    from gandash.worker.main import name_process

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s %(process)d: %(message)s")
    name_process("gandash-compile")
    for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[pool] = "1"
    with contextlib.suppress(OSError):
        os.nice(19)
    log.info("rounds are being compiled for this machine, once; until that is done, games are played by torch")
    began = time.monotonic()
    try:
        make_ready()
    except Exception as error:  # whatever it is, games can be played all the same
        said = (str(error).strip() or "no reason given").splitlines()[0]
        log.warning("rounds cannot be compiled here, so games are played by torch: %s: %s", type(error).__name__, said)
        return 1
    log.info("rounds are compiled, after %.0f s: games that begin now are played by them", time.monotonic() - began)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
