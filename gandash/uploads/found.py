"""What files hold, by their first bytes: pictures, arrays, labels; and what is left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gandash.uploads import arrays, stacks
from gandash.uploads.arrays import Array
from gandash.uploads.images import JPEG, PNG
from gandash.uploads.sources import OTHER_PICTURES, PICTURE_ENDINGS, Refused, Source, members, some

_ZIP = (b"PK\3\4", b"PK\5\6")  # the second where nothing is in it
_MAGIC_OF_PICTURES = (b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


@dataclass
class Found:
    """Nothing of it is decoded yet."""

    names: list[str] = field(default_factory=list)  # of the files given
    pictures: list[Source] = field(default_factory=list)
    stacks: list[Array] = field(default_factory=list)
    labels: list[Array] = field(default_factory=list)
    left_out: list[Source] = field(default_factory=list)  # what is no picture, and says of itself that it is none
    unread: list[Refused] = field(default_factory=list)  # what should be one, and is none that can be read

    def nothing(self) -> Refused:
        """What to say where there is no picture, or a single one."""
        single = len(self.pictures) == 1
        if len(self.names) == 1 == len(self.unread) and not single and not self.left_out:
            return self.unread[0]
        given = "a single picture" if single else "no picture"
        if also := self.leavings():
            given += f" ({'; '.join(also)})"
        elif not single:
            given = "a zip without a picture"
        return Refused(self.names[0], given, "give at least 2 PNG or JPEG pictures, and a few hundred to learn from")

    def leavings(self) -> list[str]:
        """What was left out, in words."""
        words = []
        if n := len(self.left_out):
            words.append(
                f"{n:,} file{'s that are' if n > 1 else ' that is'} no PNG or JPEG picture left out: "
                + some([source.base for source in self.left_out])
            )
        if n := len(self.unread):
            first = self.unread[0]
            words.append(
                f"{n:,} picture{'s' if n > 1 else ''} that cannot be read left out: "
                + some([error.name.split(" in ")[0].split("/")[-1] for error in self.unread])
                + f" ({first.given})"
            )
        return words


def collect(files: Sequence[Source]) -> Found:
    """What these files hold; raises Refused where one is no file to read pictures from, and where there is nothing at all."""
    found = Found([file.name for file in files])
    for file in files:
        if file.is_hidden and len(files) > 1:
            found.left_out.append(file)
        else:
            _sort(file, found)
    if not (found.pictures or found.stacks):
        if found.labels:
            name = found.labels[0].name
            raise Refused(name, "labels without pictures", "give the file with the pictures too (…images-idx3-ubyte)")
        raise found.nothing()
    return found


def _sort(source: Source, found: Found) -> None:
    listed = source.archive or len(found.names) > 1
    if listed and source.base.lower().endswith(PICTURE_ENDINGS) and source.size:
        found.pictures.append(source)  # looked at when it is drawn: there may be 60,000
        return
    try:
        start = source.start()
    except MemoryError:
        raise
    except OSError as error:
        found.unread.append(Refused(source.name, f"a file that cannot be opened ({error.strerror})", "look at its rights"))
        return
    except Exception:  # a member whose own header does not fit the table of contents
        found.unread.append(Refused(source.name, "a file that is cut short or damaged", "pack it again"))
        return
    if start.startswith((PNG, JPEG)):
        found.pictures.append(source)
    elif start.startswith(_ZIP) and not source.archive:
        for member in members(source):
            if member.is_hidden:
                found.left_out.append(member)
            else:
                _sort(member, found)
    elif arrays.is_array(start):
        _sort_array(source, found)
    elif start.startswith(arrays.GZIP):
        _sort_gzip(source, found)
    else:
        _sort_other(source, start, found)


def _sort_array(source: Source, found: Found) -> None:
    try:
        array = arrays.array(source)
        alone = len(found.names) == 1 and not source.archive
        if stacks.is_labels(array) and not (alone and array.dtype.kind in "US"):
            found.labels.append(array)
        else:
            stacks.layout(array)
            found.stacks.append(array)
    except Refused as error:
        if not source.archive:
            raise
        found.unread.append(error)


def _sort_gzip(source: Source, found: Found) -> None:
    inside = arrays.inflated(source)
    try:
        with arrays.in_words(source):
            start = inside.start()
        if not arrays.is_array(start):
            what = "a tar archive" if start[257:262] == b"ustar" else "a compressed file that is no IDX file inside"
            raise Refused(source.name, what, "only IDX and npy files may be compressed singly; make a zip")
    except Refused as error:
        if not source.archive and len(found.names) == 1:
            raise
        found.unread.append(error)
    else:
        _sort_array(inside, found)


def _sort_other(source: Source, start: bytes, found: Found) -> None:
    lower = source.base.lower()
    claims = lower.endswith((*PICTURE_ENDINGS, *OTHER_PICTURES)) or start.startswith(_MAGIC_OF_PICTURES)
    alone = len(found.names) == 1 and not source.archive
    if claims or alone:
        given, hint = _looks_like(start) if start else ("an empty file", "was it saved?")
        found.unread.append(Refused(source.name, given, hint))
    else:
        found.left_out.append(source)


def _looks_like(start: bytes) -> tuple[str, str]:
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        return "an SVG drawing, or other XML", "save it as PNG"
    return "a file that is none of these, whatever its name ends in", "save it as PNG"
