"""The catalogues are whole: nothing missing, nothing left over, no broken place, one word for one thing, and nothing that is
said past them."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message

sys.path.insert(0, str(Path(__file__).parents[1] / "assets"))

from javascript_messages import inserted_in, messages, tokens
from make_catalogues import ROOT, kept, said, updated, written

from gandash.words.catalogue import FOLDER
from gandash.words.languages import ENGLISH, LANGUAGES

TRANSLATED = [language for language in LANGUAGES if language != ENGLISH]
AGAIN = "run `PYTHONPATH=. python tests/assets/make_catalogues.py` and translate what is new"
GLOSSARY = tomllib.loads((FOLDER / "glossary.toml").read_text(encoding="utf-8"))
PLACE = re.compile(r"\{\w+(?:!r)?\}")
PROSE = re.compile(r"[A-Za-z’']{2,},? [a-z’']+[,;:]? [a-z’(]{2,}")


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_no_other(language: str) -> None:
    wanted = {ids(message) for message in said() if message.id}
    catalogue = kept(language)
    have = {ids(message) for message in catalogue if message.id}
    assert len(wanted) > 600
    assert not wanted - have, f"missing in {language}: {AGAIN}: {sorted(wanted - have)[:5]}"
    assert not have - wanted, f"stale in {language}: {AGAIN}: {sorted(have - wanted)[:5]}"
    assert not [ids(m)[0] for m in catalogue if m.id and not all(strings(m))], f"untranslated in {language}"
    assert not [ids(m)[0] for m in catalogue if m.id and m.fuzzy], f"fuzzy in {language}"
    assert not catalogue.obsolete


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_place_is_kept(language: str) -> None:
    broken = [
        (one, text)
        for message in kept(language)
        if message.id
        for one, text in zip(ids(message)[:1], strings(message)[:1], strict=True)
        if set(PLACE.findall(" ".join(ids(message)))) != set(PLACE.findall(text))
        or one.count("\n") != text.count("\n")
        or (one[:1] == " ") != (text[:1] == " ")
    ]
    assert not broken


@pytest.mark.parametrize("language", TRANSLATED)
def test_one_word_for_one_thing(language: str) -> None:
    wrong = []
    for message in kept(language):
        if not message.id:
            continue
        english, text = PLACE.sub("", ids(message)[0]), strings(message)[0]
        for term, words in GLOSSARY["terms"].items():
            is_said = re.search(rf"(?<![\w-])({term})(?![\w-])", english, re.IGNORECASE)
            if is_said and not any(word in text for word in words[language].split("|")):
                wrong.append(f"{term}: {english} -> {text}")
        wrong += [f"never {word}: {text}" for word in GLOSSARY["never"][language] if word in text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_file_is_what_its_maker_would_write(language: str) -> None:
    """So a change of one message changes one place of it."""
    from make_catalogues import path_of

    assert path_of(language).read_text(encoding="utf-8") == written(updated(language)), AGAIN


# ------------------------------------------------------------------------------------------------ said past the catalogue

# What was converted; `gandash/words/LANGUAGES.md` says what was not. Never taken out of here again.
FOLDERS = ("arrival", "draw", "live", "watch")
JAVASCRIPT = sorted(path for folder in FOLDERS for path in (ROOT / "assets" / folder).glob("*.js"))
PYTHON = [
    ROOT / "gandash" / name
    for name in (
        "audit/auditing.py",
        "audit/distances.py",
        "audit/examined.py",
        "audit/lines.py",
        "audit/norms.py",
        "audit/outputs.py",
        "audit/packs.py",
        "audit/pictures.py",
        "audit/points.py",
        "audit/scalar.py",
        "audit/seen.py",
        "bench/figures.py",
        "bench/live.py",
        "cli/configuring.py",
        "cli/live.py",
        "cli/pictures.py",
        "cli/saying.py",
        "cluster/arriving.py",
        "cluster/joining.py",
        "config/changes.py",
        "config/refused.py",
        "diagnostics/divergence.py",
        "diagnostics/phase.py",
        "diagnostics/verdict.py",
        "diagnostics/verdict_pictures.py",
        "exporting/movies.py",
        "exporting/pictures.py",
        "exporting/states.py",
        "domains/pictures.py",
        "domains/points.py",
        "examine/best_response.py",
        "examine/descents.py",
        "examine/duality.py",
        "examine/examination.py",
        "examine/landscape.py",
        "examine/registry.py",
        "examine/samples.py",
        "examine/spectrum.py",
        "headless/settings.py",
        "lessons/catalogue.py",
        "lessons/reading.py",
        "lessons/translating.py",
        "links/reading.py",
        "packed.py",
        "runs/linked.py",
        "server/admission.py",
        "server/branching.py",
        "server/classroom.py",
        "server/cluster.py",
        "server/forkserver.py",
        "server/health.py",
        "server/opening.py",
        "server/origin.py",
        "server/played.py",
        "server/presentation.py",
        "server/process.py",
        "server/recorded.py",
        "server/recovery.py",
        "server/run.py",
        "store/branching.py",
        "store/copying.py",
        "store/files.py",
        "store/importing.py",
        "store/keyframes.py",
        "store/metrics.py",
        "store/places.py",
        "store/removing.py",
        "store/pictures.py",
        "store/reading.py",
        "store/retention.py",
        "sweeps/axes.py",
        "sweeps/cluster.py",
        "sweeps/cost.py",
        "sweeps/hosting.py",
        "sweeps/local.py",
        "sweeps/ready.py",
        "sweeps/results.py",
        "sweeps/sweep.py",
        "sweeps/sweeping.py",
        "typed.py",
        "ui/comparing.py",
        "ui/controls.py",
        "ui/drawing.py",
        "ui/filming.py",
        "ui/learning.py",
        "ui/lesson_panel.py",
        "ui/lessons_page.py",
        "ui/own_runs.py",
        "ui/own_sweeps.py",
        "ui/page.py",
        "ui/presenting.py",
        "ui/ready_games.py",
        "ui/record_page.py",
        "ui/recorded.py",
        "ui/runs_chart.py",
        "ui/runs_page.py",
        "ui/runs_table.py",
        "ui/sweep_page.py",
        "ui/taking.py",
        "ui/upload.py",
        "ui/watching.py",
        "ui/ways.py",
        "uploads/arrays.py",
        "uploads/dialects.py",
        "uploads/folder.py",
        "uploads/found.py",
        "uploads/images.py",
        "uploads/kept.py",
        "uploads/npy.py",
        "uploads/numerals.py",
        "uploads/reader.py",
        "uploads/sources.py",
        "uploads/stacks.py",
        "worker/branching.py",
        "worker/cause.py",
        "worker/examiner.py",
        "worker/in_force.py",
        "worker/loop.py",
    )
]

# Sentences for who reads the console or a traceback, and what is no sentence
NOT_WORDS = (
    "gandash: ",
    "the curve ",
    "the line of theory",
    "what was said",
    "This game has no panel ",
    "array ",
    "a packet of ",
    "the server answers ",
    "E [s log D",
    "path, line, circle",
    "Helvetica, Arial",
    "[hidden], ",
    "gd-",
    "−E ",
    "E ",
)


SCRIPT = "let module;"  # of a component in a page


def past(source: str) -> Iterator[str]:
    """The prose of a module that is in no call of `t`."""
    through = "".join("".join(m) if isinstance(m, tuple) else m for m in messages(source))
    for token in tokens(source):
        if token.kind not in ("string", "template"):
            continue
        text = token.value
        if token.kind == "template":
            for inserted in inserted_in(token.value):
                yield from past(inserted)
                text = text.replace(f"${{{inserted}}}", " a ")
        if PROSE.search(text) and text not in through and not text.strip().startswith(NOT_WORDS):
            yield text


@pytest.mark.parametrize("path", JAVASCRIPT, ids=lambda path: path.name)
def test_no_sentence_of_the_live_view_bypasses_the_catalogue(path: Path) -> None:
    assert not list(past(path.read_text(encoding="utf-8")))


def test_a_planted_sentence_is_found() -> None:
    assert list(past("write(node, 'This is seen by a person');")) == ["This is seen by a person"]
    assert list(past("write(node, `This is ${seen} by a person`);"))
    assert not list(past("write(node, t('This is seen by a ' + 'person'));"))
    assert list(messages("t('one {x}', { x: y ? t('two') : `${t('three')}` }); tn('a', 'b', n); at('no'); a.t('no')")) == [
        "one {x}",
        "two",
        "three",
        ("a", "b"),
    ]


def past_python(source: str) -> Iterator[str]:
    """The same of Python: prose that is neither a docstring nor in a call of `t`, `tn`, `say` or `marked`."""
    tree = ast.parse(source)
    through = {
        id(part)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and ast.unparse(call.func)
        in (
            "t",
            "tn",
            "say",
            "marked",
            "log.error",
            "log.warning",
            "log.info",
            "log.debug",
            "log.exception",
            "socket.close",
            "send_away",
        )
        for part in ast.walk(call)
    }
    through |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    through |= {id(node.msg) for node in ast.walk(tree) if isinstance(node, ast.Assert)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in through
            and PROSE.search(node.value)
            and not node.value.strip().startswith(SCRIPT)
        ):
            yield node.value


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_of_the_page_bypasses_the_catalogue(path: Path) -> None:
    assert not list(past_python(path.read_text(encoding="utf-8")))


def test_a_planted_sentence_of_python_is_found() -> None:
    assert list(past_python('"""What this is all about."""\nst.write("This is seen by a person")')) == [
        "This is seen by a person"
    ]
    assert not list(past_python('st.write(t("This is seen by a person"))'))
