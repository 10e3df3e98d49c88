"""Which page shows a run that is recorded here: one that is served already, however busy it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from gandash.headless import pages
from gandash.store.places import runs_home
from gandash.store.serving import serving

RUN = "20260101-000000-abcdef"


@contextmanager
def page(seconds: float, run: str = RUN) -> Iterator[str]:
    """A page that answers so late, and knows one run."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(seconds)
            known = self.path == f"/gandash/recorded/{run}"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"run": run}).encode() if known else b"{}")

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setattr(pages, "PAGE", tmp_path / "none.py")  # none is started


def test_a_busy_page_is_waited_for() -> None:
    with page(1.5) as address, serving(address):
        assert pages.address_of(RUN, runs_home() / RUN) == f"{address}/record?record={RUN}"


def test_nobody_or_somebody_elses_page_is_no_page(capsys: pytest.CaptureFixture[str]) -> None:
    with page(0, "20260101-000000-000000") as address, serving(address):
        assert pages.address_of(RUN, runs_home() / RUN) == ""
    with serving(address):  # it has gone and left its note
        assert pages.address_of(RUN, runs_home() / RUN) == ""
    assert capsys.readouterr().err.count("none is served on this machine") == 2


def test_a_run_that_is_kept_elsewhere_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.address_of(RUN, tmp_path / RUN) == ""
    assert "where the page does not look" in capsys.readouterr().err
