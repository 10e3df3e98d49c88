"""A lecturer's file is read, or said to be wrong in one line that names file, line and field; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gandash.cli import cli
from gandash.lessons.catalogue import FOLDER, OURS, catalogue
from gandash.lessons.reading import LARGEST, LessonError, line_of, read_lesson
from gandash.lessons.translating import named
from gandash.words import Said, words_of
from gandash.words.catalogue import messages

WHOLE = """\
title = "A lesson"
teaches = "What it is about."

[[steps]]
title = "The first step"
text = '''
Some words,
title = "this is no field"
'''
game = { preset = "two-modes", set = { "regulariser.r1" = 0.1 } }
show = { layers = ["p_r"], curves = ["losses"] }
moves = [{ label = "More R1", set = { "regulariser.r1" = 1 } }]
until = { rounds = 10, moved = "regulariser.r1", holds = "jsd < 0.5" }

[[steps]]
title = "The second step"
text = "More words."

[steps.predict]
question = "What?"
options = ["this", "that"]
right = 1
why = "So."

[[steps.claims]]
says = "It is so."
steps = 5
seeds = [0, 1]
at = [{ step = 2, move = "More R1" }]
holds = ["steps == 5"]
"""


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said(path: Path) -> str:
    with pytest.raises(LessonError) as error:
        read_lesson(path)
    assert "\n" not in str(error.value)
    known = messages("zh_Hans")
    assert all(one in known or one.count(" ") < 2 for one in ids(words_of(error.value))), "it is said in English alone"
    return str(error.value)


def ids(said: Said) -> Iterator[str]:
    """The messages that a sentence is made of; those that are put in as they are have few words, or commas."""
    if "," not in said.id or said.params:
        yield said.id
    for value in said.params.values():
        if isinstance(value, Said):
            yield from ids(value)


def test_a_whole_lesson_is_read(tmp_path: Path) -> None:
    lesson = read_lesson(write(tmp_path, WHOLE))
    assert (lesson.name, lesson.title, len(lesson.steps)) == ("mine", "A lesson", 2)
    assert lesson.game(1) is lesson.game(0) and lesson.game(0).config.regulariser.r1 == 0.1
    assert lesson.show(1) == lesson.steps[0].show


@pytest.mark.parametrize(
    ("given", "instead", "line", "words"),
    [
        ('teaches = "What', 'teachs = "What', 2, "teachs: there is no such field; did you mean teaches?"),
        ('teaches = "What it is about."', "", None, "teaches: this field is missing"),
        ('title = "A lesson"', "title = 3", 1, "title: given 3; text is needed"),
        ("steps = 5", 'steps = "5"', 27, "steps.2.claims.1.steps: given '5'; a whole number"),
        ("steps = 5", "steps = 0", 27, "steps.2.claims.1.steps: given 0"),
        ("right = 1", "right = 3", 22, "steps.2.predict.right: given 3; it is the number of an option, from 1 to 2"),
        ('"two-modes"', '"two-mode"', 10, "steps.1.game.preset: there is no ready game 'two-mode'; did you mean two-modes?"),
        ('set = { "regulariser.r1" = 0.1 }', 'set = { "regulariser.r3" = 0.1 }', 10, "steps.1.game.set: regulariser.r3"),
        ('set = { "regulariser.r1" = 1 }', 'set = { "run.seed" = 1 }', 12, "moves.1.set: one of these settings restarts"),
        ('layers = ["p_r"]', 'layers = ["p_x"]', 11, "steps.1.show.layers: there is no layer 'p_x'"),
        ('curves = ["losses"]', 'curves = ["loses"]', 11, "did you mean losses?"),
        ('moved = "regulariser.r1"', 'moved = "regulariser.r9"', 13, "steps.1.until.moved"),
        ('holds = "jsd < 0.5"', 'holds = "jsb < 0.5"', 13, "steps.1.until.holds: \"jsb\" is no number"),
        ('holds = "jsd < 0.5"', 'holds = "abs(jsd) < 0.5"', 13, "a curve, < or >, and a number are needed"),
        ('holds = ["steps == 5"]', "holds = ['__import__(\"os\") == 5']", 30, "is not allowed here"),
        ("seeds = [0, 1]", "seeds = [0]", 28, "a claim is tried with two seeds or more"),
        ('move = "More R1"', 'move = "Less R1"', 25, "steps.2.claims.1: at.move"),
        ("[[steps]]\ntitle = \"The first", "[steps]\ntitle = \"The first", 15, "this is no TOML"),
        ("right = 1", "right = = 1", 22, "this is no TOML: invalid value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_field(
    tmp_path: Path, given: str, instead: str, line: int | None, words: str
) -> None:
    assert given in WHOLE
    found = said(write(tmp_path, WHOLE.replace(given, instead, 1)))
    assert found.startswith("mine.toml")
    assert words in found
    if line is not None:
        near = int(found.split("line ")[1].split(",")[0].split(":")[0])
        assert near == line, found


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b"# nothing\n", "it is empty"),
        (b"title = '\xff'", "not text in UTF-8"),
        (b"a = 1\n" + b"#" * LARGEST, "bytes"),
        (b"a = " + b"[" * 3000, "this is no TOML"),
        (b"name = 'x'\ntitle = 'y'", "the file's own name is the lesson's"),
        (b"steps = []\ntitle='a'\nteaches='b'", "steps"),
        (b"steps = 1\ntitle='a'\nteaches='b'", "steps: given 1; a list is needed"),
    ],
    ids=["empty", "a comment", "not text", "huge", "nested", "a name", "no steps", "no list"],
)
def test_files_that_are_no_lesson(tmp_path: Path, body: bytes, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(body)
    assert words in said(path)


def test_a_name_that_cannot_be_an_address_and_what_is_no_file(tmp_path: Path) -> None:
    assert "small letters" in said(write(tmp_path, WHOLE, "My lesson.toml"))
    (tmp_path / "folder.toml").mkdir()
    assert "it cannot be read" in said(tmp_path / "folder.toml")
    assert "it cannot be read" in said(tmp_path / "nowhere.toml")


def test_lines_are_found_past_texts_and_in_lists() -> None:
    assert line_of(WHOLE, ("title",)) == 1
    assert line_of(WHOLE, ("steps", 0, "text")) == 6
    assert line_of(WHOLE, ("steps", 0, "game", "preset")) == 10
    assert line_of(WHOLE, ("steps", 1, "title")) == 16
    assert line_of(WHOLE, ("steps", 1, "claims", 0, "holds", 0)) == 30
    assert line_of(WHOLE, ("teachs",)) is None


# ------------------------------------------------------------------------------------------------------- the catalogue


def test_a_folder_of_ones_own_is_beside_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = set(catalogue().lessons)
    assert ours == {path.stem for path in OURS.glob("*.toml") if not named(path)} and not catalogue().troubles
    monkeypatch.setenv(FOLDER, str(tmp_path))
    path = write(tmp_path, WHOLE)
    write(tmp_path, "title = 3", "broken.toml")
    (tmp_path / "notes.txt").write_text("no lesson")
    found = catalogue()
    assert set(found.lessons) == {*ours, "mine"}
    assert [str(trouble.path.name) for trouble in found.troubles] == ["broken.toml"]
    path.write_text(WHOLE.replace("A lesson", "Another title"))
    assert catalogue().lessons["mine"].title == "Another title"  # read anew, without a restart


def test_two_lessons_of_one_name_or_title_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    first = next(iter(catalogue().lessons.values()))
    write(tmp_path, WHOLE, f"{first.name}.toml")
    write(tmp_path, WHOLE, "one.toml")
    write(tmp_path, WHOLE, "two.toml")
    found = catalogue()
    assert found.lessons[first.name] is first and "one" in found.lessons and "two" not in found.lessons
    taken, same = map(str, found.troubles)
    assert f"there is a lesson of the name {first.name} already" in taken
    assert "one has the same title" in same


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "nowhere"))
    (trouble,) = catalogue().troubles
    assert FOLDER in str(trouble) and "cannot be read" in str(trouble)


# ----------------------------------------------------------------------------------------------------- the command line


def test_the_command_lists_and_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CliRunner().invoke(cli, ["lessons"])
    assert whole.exit_code == 0 and all(name in whole.stdout for name in catalogue().lessons)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    write(tmp_path, "title = 3", "broken.toml")
    found = CliRunner().invoke(cli, ["lessons", "--json"])
    listed = json.loads(found.stdout)
    assert found.exit_code == 1
    assert [one["name"] for one in listed["lessons"]] == list(catalogue().lessons)
    assert listed["troubles"] and listed["troubles"][0].startswith("broken.toml, line 1, ")


def test_the_command_checks_a_file_and_says_what_does_not_hold(tmp_path: Path) -> None:
    good, bad = write(tmp_path, WHOLE), write(tmp_path, WHOLE.replace('"steps == 5"', '"steps == 6"'), "bad.toml")
    found = CliRunner().invoke(cli, ["lessons", "check", str(good)])
    assert found.exit_code == 0 and "1 of 1 claims hold." in found.stdout
    found = CliRunner().invoke(cli, ["lessons", "check", str(bad)])
    assert found.exit_code == 1 and "MISS bad, step 2: It is so." in found.stdout and "(!)" in found.stdout
    found = CliRunner().invoke(cli, ["lessons", "check", str(bad), "--json"])
    report = json.loads(found.stdout)
    assert found.exit_code == 1 and not report["passed"] and len(report["claims"][0]["tried"]) == 2


@pytest.mark.parametrize("wanted", ["two-plaiers", "nowhere.toml"])
def test_the_command_refuses_in_one_line(wanted: str) -> None:
    found = CliRunner().invoke(cli, ["lessons", "check", wanted])
    assert found.exit_code == 2 and found.stderr.count("\n") == 1 and wanted in found.stderr
