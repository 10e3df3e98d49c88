"""A run to look at where Python is: inline in a notebook, else in a browser."""

from __future__ import annotations

import html
import sys
import tempfile
import webbrowser
from pathlib import Path

import click

HEIGHT = 760


class Shown:
    """The page that replays a run, `page`, as Jupyter, VS Code and marimo show it inline: in a frame of its own."""

    def __init__(self, page: bytes, title: str, height: int = HEIGHT) -> None:
        self.page, self.title, self.height = page, title, height

    def _repr_html_(self) -> str:
        inside = html.escape(self.page.decode(), quote=True)
        style = f"width: 100%; height: {self.height}px; border: 0"
        return f'<iframe srcdoc="{inside}" title="{html.escape(self.title)}" style="{style}" allowfullscreen></iframe>'

    def __repr__(self) -> str:
        return f"<a replay of {self.title}, {len(self.page) / 1e6:.1f} MB>"

    def open(self) -> Path:
        """In a browser, from a temporary file, which stays for as long as the system keeps such."""
        with tempfile.NamedTemporaryFile(prefix="gandash-", suffix=".html", delete=False) as file:
            file.write(self.page)
        webbrowser.open(Path(file.name).as_uri())
        return Path(file.name)


def is_notebook() -> bool:
    """Whether what is returned last is shown as a page, and not as text."""
    return in_jupyter() or ((marimo := sys.modules.get("marimo")) is not None and marimo.running_in_notebook())


def in_jupyter() -> bool:
    """Whether a kernel of Jupyter or VS Code runs this. What it writes to stderr is shown in red, as trouble."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def tell(text: str) -> None:
    """A word to who sits there, which is no trouble: beside what a program writes, where that is told apart."""
    click.echo(text, err=not in_jupyter())
