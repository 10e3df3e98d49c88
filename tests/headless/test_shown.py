"""Words and bars where Python is: a notebook shows stderr in red, and they are no trouble."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import click
import pytest

from gandash.headless import bars
from gandash.headless.shown import is_notebook, tell


def sit_at(kernel: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython as a notebook's kernel has it, or, without one, as it is in a terminal."""
    shell = SimpleNamespace(kernel=kernel)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.parametrize("kernel", [object(), None])
def test_a_notebook_does_not_show_in_red_what_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kernel: object
) -> None:
    sit_at(kernel, monkeypatch)
    assert is_notebook() is (kernel is not None)
    tell("Watch it at http://127.0.0.1:1/record")
    is_seen, file = bars.place(None)
    assert is_seen is (kernel is not None), "nobody sees a bar in what is no terminal"
    is_seen, file = bars.place(True)
    with click.progressbar(length=10, label="training", file=file) as bar:
        bar.update(10)
    told = capsys.readouterr()
    seen, other = (told.out, told.err) if kernel else (told.err, told.out)
    assert "Watch it at" in seen and "training  [####" in seen and other == ""
