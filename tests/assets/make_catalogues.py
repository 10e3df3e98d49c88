"""The catalogues under `assets/locale`, brought up to date with the sources: `python tests/assets/make_catalogues.py`.

New messages come in untranslated, those that nobody says any more go; what is translated stays. Nothing is guessed.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from javascript_messages import messages

from gandash.cli import cli, helping
from gandash.config import GameConfig
from gandash.config.networks import ACTIVATIONS, INITIALISATIONS, NORMALISATIONS
from gandash.config.objectives import OBJECTIVES
from gandash.config.setting import Settings, kind_of, variants
from gandash.presets import PRESETS
from gandash.presets.base import GROUPS, STORIES
from gandash.uploads import guard, tables
from gandash.words.catalogue import FILE, FOLDER
from gandash.words.languages import ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[2]
KEYWORDS = {"t": 1, "tn": 2, "say": 1, "marked": 1}  # how many of their arguments are sentences
WIDTH = 120
HEADERS = ("Language:", "Plural-Forms:", "MIME-Version:", "Content-")


def said() -> Catalog:
    """Every message of the sources, in their order, and where it is said."""
    catalogue = Catalog(charset="utf-8")
    for path in javascript():
        for message in messages(path.read_text(encoding="utf-8")):
            catalogue.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    for path in python():
        for message in spoken_in(path.read_text(encoding="utf-8")):
            catalogue.add(message, locations=[(path.relative_to(ROOT).as_posix(), 0)])
    for message, where in declared():
        catalogue.add(message, locations=[(where, 0)])
    return catalogue


def spoken_in(source: str) -> Iterator[str | tuple[str, str]]:
    """The messages of a Python module. A call whose argument is a name says what somebody else has marked: none is given."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS):
            continue
        given = [arg.value for arg in node.args[: KEYWORDS[node.func.id]] if isinstance(arg, ast.Constant)]
        if len(given) == KEYWORDS[node.func.id] and all(isinstance(text, str) for text in given):
            yield (str(given[0]), str(given[1])) if len(given) == 2 else str(given[0])


def javascript() -> Iterator[Path]:
    for folder in ("arrival", "draw", "live", "replay", "watch"):
        yield from sorted((ROOT / "assets" / folder).glob("*.js"))


def python() -> Iterator[Path]:
    yield from sorted((ROOT / "gandash").rglob("*.py"))


def declared() -> Iterator[tuple[str, str]]:
    """What is declared once and translated where it is shown: settings, ready games."""
    waiting: list[type[Settings]] = [GameConfig]
    seen: list[type[Settings]] = []
    while waiting:
        model = waiting.pop(0)
        if model in seen:
            continue
        seen.append(model)
        where = model.__module__.replace(".", "/") + ".py"
        if "kind" in model.model_fields:
            yield kind_of(model).replace("_", " "), where
        for field in model.model_fields.values():
            waiting += [m for m in variants(field.annotation) if m not in seen]
            if isinstance(field.annotation, type) and issubclass(field.annotation, Settings):
                waiting.append(field.annotation)
            if field.title and field.description:
                extra = field.json_schema_extra
                choices = extra["gandash"]["choices"].values() if isinstance(extra, dict) else ()
                yield from ((text, where) for text in (field.title, field.description, *choices))
    words = (*ACTIVATIONS.values(), *NORMALISATIONS.values(), *(v.split(" (")[0] for v in INITIALISATIONS.values()))
    yield from ((text, "gandash/config/networks.py") for text in (*words, "normal", "uniform"))
    yield from ((text, "gandash/config/objectives.py") for text in OBJECTIVES.values())
    yield from ((text, "gandash/presets/base.py") for text in (*GROUPS.values(), *STORIES.values()))
    yield tables.ALLOWED, "gandash/uploads/tables.py"
    yield guard.ALLOWED, "gandash/uploads/guard.py"
    yield from ((text, "gandash/cli") for text in helping.texts(cli))
    for preset in PRESETS.values():
        texts = (preset.title, preset.teaches, preset.promise, preset.watch, *(move.label for move in preset.moves))
        yield from ((text, "gandash/presets") for text in texts)


def path_of(language: str) -> Path:
    return FOLDER / language / FILE


def kept(language: str) -> Catalog:
    """What is translated so far."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    old, new = kept(language), Catalog(locale=language, project="gandash", charset="utf-8", fuzzy=False)
    new.header_comment = f"# The words of gandash in {LANGUAGES[language]}: see gandash/words/LANGUAGES.md"
    for message in said():
        if not message.id:
            continue
        before = old.get(message.id)
        new.add(message.id, before.string if before else None, locations=message.locations)
    return new


def written(catalogue: Catalog) -> str:
    """The file, without dates: the same sources give the same."""
    text = io.BytesIO()
    write_po(text, catalogue, width=WIDTH, include_lineno=False)
    lines = text.getvalue().decode().splitlines(keepends=True)
    header, body = lines[: lines.index("\n")], lines[lines.index("\n") :]
    said_in = [line for line in header if line.startswith(("#", "msg")) or any(name in line for name in HEADERS)]
    return "".join(said_in + body)


def write(catalogue: Catalog, language: str) -> None:
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(catalogue), encoding="utf-8")


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != ENGLISH:
            catalogue = updated(language)
            write(catalogue, language)
            missing = sum(not m.string or (not isinstance(m.string, str) and not all(m.string)) for m in catalogue if m.id)
            print(f"{path_of(language).relative_to(ROOT)}: {len(catalogue)} messages, {missing} of them not translated")
