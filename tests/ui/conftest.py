"""What every test of the page stands on: a script that could not be run fails its test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from gandash.server.health import Limits
from gandash.server.supervisor import Supervisor
from gandash.ui import service


@pytest.fixture(scope="session", autouse=True)
def unrun_scripts_fail() -> Iterator[None]:
    """AppTest (1.67) shows an empty page, and no exception, where the script could not be compiled."""
    run = LocalScriptRunner.run

    def checked(self: LocalScriptRunner, *args: Any, **kwargs: Any) -> Any:
        tree = run(self, *args, **kwargs)
        for data in self.event_data:
            if (error := data.get("exception")) is not None:
                raise error
        return tree

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalScriptRunner, "run", checked)
        yield


@pytest.fixture(scope="module")
def keeper() -> Iterator[Supervisor]:
    """One supervisor for all pages of a file, in place of the process's own."""
    # No browser looks at these runs: one that is on its way is not to be paused for that, however slow the machine is
    keeper = Supervisor(Limits(runs=8, absence_seconds=3600.0))
    original, service.supervisor = service.supervisor, lambda: keeper
    yield keeper
    service.supervisor = original
    keeper.close()
