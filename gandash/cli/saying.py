"""How the command line speaks: a refusal is one harmless line, a result is strict JSON."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from gandash.words.saying import t, words_of


class OneLine(click.Group):
    """A group that says what was wrong in one line, without the usage in front of it."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _in_one_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _in_one_line():
            return super().invoke(ctx)


def print_json(value: Any, indent: int | None = None) -> None:
    in_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, indent=indent, ensure_ascii=not in_utf8, allow_nan=False))


def refuse(message: str) -> NoReturn:
    raise click.UsageError(message)


def told(error: BaseException) -> str:
    """What an error says, in the reader's language."""
    return t(words_of(error))


def one_line(text: str) -> str:
    """`text` as one harmless line: what was given may hold line ends and control characters."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as error:
        raise click.UsageError(one_line(error.format_message())) from None  # without a context click adds no usage
    except KeyboardInterrupt:
        click.echo(t("Interrupted."), err=True)
        raise click.exceptions.Exit(128 + signal.SIGINT) from None
