"""What files hold, by their first bytes: pictures, arrays, labels; and what is left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gandash.uploads import arrays, stacks
from gandash.uploads.arrays import Array
from gandash.uploads.images import JPEG, PNG
from gandash.uploads.sources import OTHER_PICTURES, PICTURE_ENDINGS, Refused, Source, members, some
from gandash.words import Said, of_system, parted, say

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
        given = say("a single picture") if single else say("no picture")
        if also := self.leavings():
            given = say("{what} ({names})", what=given, names=parted(*also))
        elif not single:
            given = say("a zip without a picture")
        hint = say("give at least 2 PNG or JPEG pictures, and a few hundred to learn from")
        return Refused(self.names[0], given, hint)

    def leavings(self) -> list[Said]:
        """What was left out, in words."""
        words = []
        if n := len(self.left_out):
            names = some([source.base for source in self.left_out])
            words.append(
                say("{count} files that are no PNG or JPEG picture left out: {names}", count=f"{n:,}", names=names)
                if n > 1
                else say("1 file that is no PNG or JPEG picture left out: {names}", names=names)
            )
        if n := len(self.unread):
            first = self.unread[0]
            names = some([error.name.split(" in ")[0].split("/")[-1] for error in self.unread])
            words.append(
                say(
                    "{count} pictures that cannot be read left out: {names} ({problem})",
                    count=f"{n:,}",
                    names=names,
                    problem=first.given,
                )
                if n > 1
                else say("1 picture that cannot be read left out: {names} ({problem})", names=names, problem=first.given)
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
            hint = say("give the file with the pictures too ({name})", name="…images-idx3-ubyte")
            raise Refused(name, say("labels without pictures"), hint)
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
        given = say("a file that cannot be opened ({problem})", problem=of_system(error))
        found.unread.append(Refused(source.name, given, say("look at its rights")))
        return
    except Exception:  # a member whose own header does not fit the table of contents
        found.unread.append(Refused(source.name, say("a file that is cut short or damaged"), say("pack it again")))
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
            is_tar = start[257:262] == b"ustar"
            what = say("a tar archive") if is_tar else say("a compressed file that is no IDX file inside")
            raise Refused(source.name, what, say("only IDX and npy files may be compressed singly; make a zip"))
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
        given, hint = _looks_like(start) if start else (say("an empty file"), say("was it saved?"))
        found.unread.append(Refused(source.name, given, hint))
    else:
        found.left_out.append(source)


def _looks_like(start: bytes) -> tuple[Said, Said]:
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        return say("an SVG drawing, or other XML"), say("save it as PNG")
    return say("a file that is none of these, whatever its name ends in"), say("save it as PNG")
