"""What Click says by itself, in the reader's language: its refusals and headings, and the names of its types.

Click asks Python's gettext, which wants compiled catalogues in a folder of the system; ours take its place.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Iterator

import click

from gandash.words.saying import marked, t, tn

SAID = (
    marked("Aborted!"),
    marked("Commands"),
    marked("Did you mean {possibility}?"),
    marked("Error: {message}"),
    marked("Got unexpected extra argument ({args})"),
    marked("Invalid value for {param_hint}: {message}"),
    marked("Missing argument"),
    marked("Missing command."),
    marked("Missing option"),
    marked("No such command {name!r}."),
    marked("No such option {name!r}."),
    marked("Option {name!r} does not take a value."),
    marked("Option {name!r} requires an argument."),
    marked("Options"),
    marked("Show this message and exit."),
    marked("Usage:"),
    marked("default: {default}"),
    marked("required"),
    marked("{value!r} is not {choice}."),
    marked("{value!r} is not a valid {number_type}."),
    marked("{value} is not in the range {range}."),
)
"""All that our commands can make Click say (the tests hold it to that); what differs for many, by its sentence for one."""

NAMES = {"float range": marked("number"), "integer range": marked("whole number")}
"""Types as a refusal calls them, by Click's own name."""


def translated() -> None:
    """Click asks our catalogues from now on, for good."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "click":
            continue
        for own, value in list(vars(module).items()):
            if value is gettext.gettext:
                setattr(module, own, t)
            elif value is gettext.ngettext:
                setattr(module, own, tn)


def name_types(command: click.Command) -> None:
    """The types of this command's parameters, by their names in refusals."""
    for kind in types(command):
        if kind.name in NAMES:
            kind.name = t(NAMES[kind.name])


def types(command: click.Command) -> Iterator[click.ParamType[object]]:
    for param in command.params:
        yield from param.type.types if isinstance(param.type, click.Tuple) else (param.type,)
