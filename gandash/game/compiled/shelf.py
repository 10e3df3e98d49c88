"""What games of one law and seed draw alike, kept for the next: a sweep plays hundreds of them one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any


class Blocks:
    """Of one law and seed, by their numbers. Who is handed one must not write into it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.kept: dict[int, Any] = {}
        self.has_left = False

    def block(self, number: int, make: Callable[[], Any]) -> Any:
        """This one, a tuple of arrays: as `make` gives it, where it is not there."""
        if number in self.kept:
            return self.kept[number]
        made = make()
        if self._shelf.has_room(self, _bytes(made)):
            self.kept[number] = made
        return made


class Shelf:
    """Room for so many bytes of blocks.

    Each game goes through its blocks from the first on. So of one law and seed the first blocks stay, where not all find room;
    and they make room for those of a game that began later.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._all: OrderedDict[Hashable, Blocks] = OrderedDict()  # that of the game that began last comes last

    def of(self, whose: Hashable) -> Blocks:
        """For a game that begins; equal for all that draw alike."""
        found = self._all.setdefault(whose, Blocks(self))
        self._all.move_to_end(whose)
        return found

    def has_room(self, blocks: Blocks, size: int) -> bool:
        """Whether so many bytes can be kept among these, which counts them as kept."""
        if blocks.has_left:
            return False
        while self.bytes + size > self.most_bytes and next(iter(self._all.values())) is not blocks:
            _, gone = self._all.popitem(last=False)
            self.bytes -= sum(map(_bytes, gone.kept.values()))
            gone.kept.clear()
            gone.has_left = True
        if self.bytes + size > self.most_bytes:
            return False
        self.bytes += size
        return True


def _bytes(block: Any) -> int:
    return sum(array.nbytes for array in block)
