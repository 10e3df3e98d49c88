"""The help of the commands in the reader's language: texts, headings, and lines broken where Chinese may be."""

from __future__ import annotations

import inspect
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import click

from gandash.cli import clicks
from gandash.words.languages import ENGLISH, best
from gandash.words.saying import t


def wished(environment: Mapping[str, str]) -> str:
    """The language of who calls: GANDASH_LANG says it, else the locale, as for other programs.

    >>> wished({"LANG": "zh_TW.UTF-8"}), wished({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}), wished({"GANDASH_LANG": "zh-Hans"})
    ('zh_Hant', 'en', 'zh_Hans')
    """
    if own := environment.get("GANDASH_LANG"):
        return best(own)
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    if locale.partition(".")[0] in ("", "C", "POSIX"):
        return ENGLISH
    return best(*environment.get("LANGUAGE", "").split(":"), locale)


def texts(command: click.Command) -> Iterator[str]:
    """What this command and those below it say of themselves."""
    if command.options_metavar:
        yield command.options_metavar
    if command.help:
        yield _paragraphs(command.help)
    yield from (line for line in (command.epilog or "").split("\n") if line and not line.startswith((" ", "\b")))
    yield from (option.help for option in command.params if isinstance(option, click.Option) and option.help)
    if isinstance(command, click.Group):
        yield command.subcommand_metavar
        for one in command.commands.values():
            yield from texts(one)


def _paragraphs(text: str) -> str:
    """A docstring without the ends of its lines, which say nothing."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text))


def translate(command: click.Command) -> None:
    """These texts, in the language that is spoken, for good."""
    command.context_class = _Context
    command.options_metavar = command.options_metavar and t(command.options_metavar)
    command.help = command.help and t(_paragraphs(command.help))
    # What an epilog lists stands behind its name, after two spaces or more; a command that it shows is no message, and stays
    command.epilog = command.epilog and "\n".join(
        re.sub(r"^(.*\s\s)?(.*)$", _second, line) for line in command.epilog.split("\n")
    )
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            option.help = t(option.help)
    clicks.name_types(command)
    if isinstance(command, click.Group):
        command.subcommand_metavar = t(command.subcommand_metavar)
        for one in command.commands.values():
            translate(one)


_PIECES = re.compile(r"[^\s\u2e80-\uffef]+[^\S\n]*|[\u2e80-\uffef][，。；：、）」”？]*\s*|\s+")


def columns(text: str) -> int:
    """How wide it stands in a terminal."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded(text: str, wide: int) -> str:
    return text + " " * (wide - columns(text))


def lines(text: str, wide: int) -> list[str]:
    """The text in lines: broken between words, and between Chinese characters (each two columns wide) but not before a mark.

    >>> lines("D 说真的概率，G 说假的。", 10)
    ['D 说真的概', '率，G 说假', '的。']
    """
    found, left = [""], wide
    for piece in _PIECES.findall(text.replace("\n", " ")):
        word = piece.rstrip()
        if columns(word) > left and found[-1]:
            found, left = [*found, ""], wide
        found[-1] += piece
        left -= columns(word) + len(piece) - len(word)
    return [line.rstrip() for line in found]


def _second(line: re.Match[str]) -> str:
    return (line[1] or "") + t(line[2])


class _Formatter(click.HelpFormatter):
    def write_heading(self, heading: str) -> None:
        self.write(f"{'':{self.current_indent}}{t('{heading}:', heading=heading)}\n")

    def write_text(self, text: str) -> None:
        for i, paragraph in enumerate(re.split(r"\n\s*\n", text)):
            is_as_written = paragraph.startswith("\b")
            broken = paragraph.split("\n")[1:] if is_as_written else lines(paragraph, self.width - self.current_indent)
            self.write(("\n" if i else "") + "".join(f"{'':{self.current_indent}}{line}\n" for line in broken))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        rows = list(rows)
        wide = min(max(len(first) for first, _ in rows), col_max)
        before = self.current_indent + wide + col_spacing
        for first, second in rows:
            start = f"{first:<{wide}}{'':{col_spacing}}" if len(first) <= wide else f"{first}\n{'':{before}}"
            text = f"\n{'':{before}}".join(lines(second, self.width - before))
            self.write(f"{'':{self.current_indent}}{start}{text}\n")


class _Context(click.Context):
    formatter_class = _Formatter
