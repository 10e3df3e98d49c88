"""Files that the server offers: by name, from one folder, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gandash.uploads import folder
from gandash.uploads.guard import PicturesRefused


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    inside = tmp_path / "data"
    inside.mkdir()
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "cats.zip", "faces.npy", "notes.txt"):
        (inside / name).write_bytes(name.encode())
    (inside / "old.zip").mkdir()
    (tmp_path / "secret.zip").write_bytes(b"secret")
    monkeypatch.setenv(folder.VARIABLE, str(inside))
    return inside


def test_files_with_pictures_are_offered_by_name(data: Path) -> None:
    assert folder.offered() == ["cats.zip", "faces.npy", "train-images-idx3-ubyte.gz"]
    assert folder.files("cats.zip") == [("cats.zip", b"cats.zip")]


def test_labels_come_along_with_their_pictures(data: Path) -> None:
    names = [name for name, _ in folder.files("train-images-idx3-ubyte.gz")]
    assert names == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    (data / names[1]).unlink()
    assert [name for name, _ in folder.files(names[0])] == names[:1]


@pytest.mark.parametrize("name", ["../secret.zip", "/etc/passwd", "secret.zip", "notes.txt", "old.zip", "", "cats.zip\0"])
def test_no_other_name_opens_anything(data: Path, name: str) -> None:
    with pytest.raises(PicturesRefused, match="not in the folder"):
        folder.files(name)


def test_a_file_too_large_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_MEGABYTES", 0)
    with pytest.raises(PicturesRefused, match="more than 0 MB"):
        folder.files("cats.zip")


@pytest.mark.parametrize("value", ["", "/nowhere/at/all", "/dev/null"])
def test_without_a_folder_nothing_is_offered(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(folder.VARIABLE, value)
    assert folder.offered() == []


def test_unless_asked_nothing_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(folder.VARIABLE, raising=False)
    assert folder.offered() == []
