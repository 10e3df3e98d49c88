"""A folder is the same on the other side, whatever becomes of its files; nothing is put anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gandash.cluster.carrying import PART_BYTES, BrokenPart, Followed, Kept, Part, packed, put, sent, unpacked
from gandash.store.files import write_whole
from gandash.store.format import CannotRecord
from gandash.store.writing import is_being_recorded


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def carry(parts: Iterator[bytes], to: Kept | Path) -> list[Part]:
    taken = []
    for part, body in map(unpacked, parts):
        to.take(part, body) if isinstance(to, Kept) else put(to, part, body)
        taken.append(part)
    return taken


def test_a_folder_that_is_written_is_the_same_on_the_other_side(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "metrics" / "steps").mkdir(parents=True)
    (here / "pictures").mkdir()
    followed, kept = Followed("run-1", here), Kept(there)
    assert is_being_recorded(there)
    with pytest.raises(CannotRecord, match="is being recorded by another process"):
        Kept(there)
    steps, pictures, log = here / "metrics" / "steps", here / "pictures" / "0.frames", here / "events.jsonl"
    write_whole(here / "manifest.json", b"{}")
    write_whole(steps / "1.parquet", b"x" * (2 * PART_BYTES + 7))
    pictures.write_bytes(b"one")
    log.write_bytes(b'{"step": 1}\n{"st')
    (steps / "1.parquet.77.part").write_bytes(b"half a file")
    taken = carry(followed.news(), kept)
    assert {part.folder for part in taken} == {"run-1"} and taken[-1].name == "events.jsonl"
    assert files(there) == {name: body for name, body in files(here).items() if not name.endswith(".part")}
    assert carry(followed.news(), kept) == []
    with log.open("ab") as more, pictures.open("ab") as another:
        more.write(b'ep": 2}\n')
        another.write(b"two")
    write_whole(steps / "2.parquet", b"both")
    (steps / "1.parquet").unlink()
    taken = carry(followed.news(), kept)
    assert [(part.name, part.at, part.grows, part.gone) for part in taken] == [
        ("metrics/steps/2.parquet", 0, False, False),
        ("pictures/0.frames", 3, True, False),
        ("events.jsonl", 16, True, False),
        ("metrics/steps/1.parquet", 0, False, True),
    ]
    write_whole(pictures, b"thinned")
    log.write_bytes(b"")  # in its place
    carry(followed.news(), kept)
    (steps / "1.parquet.77.part").unlink()
    assert files(there) == files(here)
    assert list(Followed("run-1", here, is_known=True).news()) == []
    kept.close()
    assert not is_being_recorded(there)
    (there / "events.jsonl").write_bytes(b'{"step": 1}\n{"st')
    Kept(there).close()
    assert (there / "events.jsonl").read_bytes() == b'{"step": 1}\n', "who goes on begins with a whole line"


def test_an_empty_file_and_one_that_is_cut_short(tmp_path: Path) -> None:
    carry(sent(b"", "", "empty.safetensors"), tmp_path)
    carry(sent(b"before", "", "whole.safetensors"), tmp_path)
    first = next(sent(b"y" * (PART_BYTES + 1), "", "whole.safetensors"))
    carry(iter([first]), tmp_path)
    assert (tmp_path / "empty.safetensors").read_bytes() == b""
    assert (tmp_path / "whole.safetensors").read_bytes() == b"before", "the connection ended within it"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "", ".hidden", "a/b/c/d", "a\nb", "a//b"])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    for part in (Part(folder="", name=name), Part(folder="run", name=name), *([Part(folder=name, name="x")] if name else [])):
        with pytest.raises(BrokenPart, match="not a name of ours"):
            unpacked(packed(part))
    for body in (b"", b"\xff\xff{}", b"\x02\x00{}", packed(Part(folder="", name="x", at=-1))):
        with pytest.raises(BrokenPart):
            unpacked(body)
