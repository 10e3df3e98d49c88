"""What a machine of a cluster does when work arrives there: it finds this very code, and calls a function of it.

Ray's workers get this file by value, since they have no other yet: it imports Python's own modules alone until the code is
there.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ASSETS = ("assets", "gandash/assets")  # in a clone, and where the package was installed


def files(root: Path) -> Iterator[tuple[str, bytes]]:
    """The code below this folder, and the data that it reads, by their names there, in order."""
    found = [*(root / "gandash").rglob("*.py"), *(file for at in ASSETS for file in (root / at / "data").rglob("*"))]
    for file in sorted(set(found)):
        if file.is_file():
            yield file.relative_to(root).as_posix(), file.read_bytes()


def packed(root: Path) -> bytes:
    """The same as a zip archive."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files(root):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return body.getvalue()


def name_of(root: Path) -> str:
    """Of these very files."""
    digest = hashlib.sha256()
    for name, content in files(root):
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:20]


def find_code(name: str, root: str, archive: bytes) -> None:
    """Have gandash imported from `root`, if this machine has the same files there, else from the archive, unpacked once into
    the user's cache. So a machine keeps what it compiles, which belongs to a place."""
    if "gandash" in sys.modules:
        return
    place = Path(root)
    if not (place.is_dir() and name_of(place) == name):
        place = _unpacked(name, archive)
    sys.path.insert(0, str(place))


def _unpacked(name: str, archive: bytes) -> Path:
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gandash"
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = kept / f"code-{name}"
    if not place.is_dir():
        partial = tempfile.mkdtemp(dir=kept, suffix=".part")
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            zipped.extractall(partial)
        try:
            Path(partial).rename(place)
        except OSError:  # somebody else was quicker
            shutil.rmtree(partial, ignore_errors=True)
    return place


def call(code: tuple[str, str, dict[str, str]], archive: bytes, function: str, *arguments: Any) -> tuple[str, Any]:
    """ "" and what the function of this name, `package.module:name`, returns here; or why it was not called, in words.

    `code`: its name, where it may be, the versions that its numbers depend on.
    """
    name, root, versions = code
    find_code(name, root, archive)
    from gandash.cluster.versions import versions as own_versions
    from gandash.words import listed, say

    differ = [
        say("{name} {own} for {wanted}", name=what, own=own, wanted=versions.get(what, "-"))
        for what, own in own_versions().items()
        if own != versions.get(what)
    ]
    if differ:
        host, found = socket.gethostname(), listed(*differ)
        return say("{host} has {found}: install there what is installed here", host=host, found=found), None
    module, _, called = function.partition(":")
    return "", getattr(import_module(module), called)(*arguments)


class Host:
    """An actor: a process of the cluster that calls what it is asked to, and what that leaves behind goes on in it."""

    def call(self, *asked: Any) -> tuple[str, Any]:
        return call(*asked)
