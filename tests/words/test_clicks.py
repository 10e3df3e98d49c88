"""What Click says by itself is said in the reader's language: every sentence that our commands can make it say."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from waiting import PATIENCE_SECONDS

from gandash.cli import cli, clicks
from gandash.words.catalogue import messages

ROOT = Path(__file__).parents[2]

# Why none of our commands can make Click say the others
UNSAID = {
    "nothing is asked for, paged or edited, and there is no progress bar longer than a day": {
        "d",
        "{editor}: Editing failed",
        "{editor}: Editing failed: {e}",
        "Do you want to continue?",
        "Confirm the action without prompting.",
        "Press any key to continue...",
        "Repeat for confirmation",
        "Error: The two entered values do not match.",
        "Error: invalid input",
    },
    "nothing is deprecated, comes from the environment or has a default that is computed; no argument has a help": {
        "deprecated",
        "DeprecationWarning: The command {name!r} is deprecated.{extra_message}",
        "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}",
        "env var: {var}",
        "(dynamic)",
        "Positional arguments",
    },
    "for who declares a command wrongly, calls one from Python, or prints a type": {
        "Value must be an iterable.",
        "Could not determine name for option with declarations {decls!r}",
        "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? Did you mean to pass"
        " '--{name}'?",
        "Arguments take exactly one parameter declaration, got {length}: {decls}.",
        "Name '{name}' defined twice",
        "Takes {nargs} values but 1 was given.",
        "{len_type} values are required, but {len_value} was given.",
        "Boolean option {decl!r} cannot use the same flag for true/false.",
        "Invalid start character for option ({option})",
        "Unknown color {colour!r}",
        "Unknown standard stream '{name}'",
        "Choice({choices})",
        "Missing parameter",
        "Missing parameter: {param_name}",
        "Missing {param_type}",
        "Invalid value: {message}",
    },
    "no parameter is of such a type (held below)": {
        "Argument {name!r} takes {nargs} values.",
        "Choose from:\n\t{choices}",
        "{value!r} does not match the format {format}.",
        "{value!r} is not a valid boolean. Recognized values: {states}",
        "{value!r} is not a valid UUID.",
        "file",
        "directory",
        "path",
        "{name} {filename!r} does not exist.",
        "{name} {filename!r} is a file.",
        "{name} {filename!r} is a directory.",
        "{name} {filename!r} is not readable.",
        "{name} {filename!r} is not writable.",
        "{name} {filename!r} is not executable.",
        "Could not open file {filename!r}: {message}",
        "unknown error",
    },
    "said when a command is declared, and given in other words or translated with our own help": {
        "%(prog)s, version %(version)s",
        "Show the version and exit.",
    },
    "a refusal is one line, without a hint": {"Try '{command} {option}' for help."},
    "on Debian there is no console of Windows, and a completion is asked for by no script of ours": {
        "Windows error: {error}",
        "Couldn't detect Bash version, shell completion is not supported.",
        "Shell completion is not supported for Bash versions older than 4.4.",
    },
}

CALLS = (
    ["--help"],
    ["export", "--help"],
    ["--"],
    ["trian"],
    ["train", "--sed"],
    ["train", "--seed"],
    ["train", "--json=3"],
    ["train", "one", "two"],
    ["export"],
    ["export", "x", "--what", "stage.png"],
    ["export", "x", "--what", "stage.png", "--out", "y", "--theme", "pink"],
    ["export", "x", "--what", "stage.png", "--out", "y", "--size", "1"],
    ["export", "x", "--what", "stage.png", "--out", "y", "--size", "wide", "100"],
    ["sweep", "--seeds", "0"],
    ["sweep", "--seeds", "x"],
    ["sweep", "--hours", "x"],
    ["ended"],
)

PROGRAM = """
import json, sys
from click.testing import CliRunner
from gandash.cli import cli, clicks
from gandash.cli.helping import translate
from gandash.words.saying import speak

@cli.command(hidden=True)
def ended():
    raise EOFError

speak(sys.argv[1])
clicks.translated()
translate(cli)
print(json.dumps([CliRunner().invoke(cli, call).output for call in json.loads(sys.argv[2])]))
"""


def says(path: Path) -> Iterator[str]:
    """What a module of Click gives to gettext; of what differs for many, the sentence for one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            else:
                assert ast.unparse(first) == "extra['required']"
                yield "required"


def test_every_sentence_of_click_is_known() -> None:
    """A new version of Click has other sentences: each is translated, or there is a reason why nobody reads it."""
    sources = sorted(Path(click.__file__).parent.glob("*.py"))
    found = {sentence for path in sources for sentence in says(path)}
    assert len(found) > 60
    unsaid = set().union(*UNSAID.values())
    assert not unsaid & set(clicks.SAID)
    assert not found - unsaid - set(clicks.SAID), "Click says what is neither translated nor unsaid"
    assert not (unsaid | set(clicks.SAID)) - found, "Click says this no more"


def commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from commands(one)


def test_the_types_of_all_parameters_have_names_in_every_language() -> None:
    for command in commands(cli):
        for kind in clicks.types(command):
            is_ours = type(kind).__module__.startswith("gandash.")
            is_plain = isinstance(kind, (click.Choice, click.types.StringParamType, click.types.BoolParamType))
            assert is_ours or is_plain or kind.name in clicks.NAMES, (command.name, kind)
        for param in command.params:
            assert not (isinstance(param.type, click.Choice) and param.required)
            assert not isinstance(param.type, click.types.BoolParamType) or getattr(param, "is_flag", False)
            assert param.nargs in (1, -1) or not isinstance(param, click.Argument)


@pytest.mark.parametrize("language", ["zh_Hans", "zh_Hant"])
def test_whatever_click_says_is_in_the_reader_s_language(language: str) -> None:
    command = [sys.executable, "-c", PROGRAM, language, json.dumps(CALLS)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
    )
    outputs = json.loads(done.stdout)
    for call, output in zip(CALLS, outputs, strict=True):
        for english in clicks.SAID:
            words = [word for word in re.split(r"\{\w+(?:!r)?\}", english) if len(word.strip(" :.'()")) > 3]
            assert not any(word in output for word in words), (call, output)
    together = "\n".join(outputs)
    for english in clicks.SAID:
        translated = messages(language)[english]
        pieces = map(re.escape, re.split(r"\{\w+(?:!r)?\}", translated))
        assert re.search(".*".join(pieces), together), f"{translated} ({english}) is said by none of the calls"
    for name in clicks.NAMES.values():
        assert messages(language)[name] in together
