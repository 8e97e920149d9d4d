"""Inputs out of other inputs, by chance alone: the same ones from the same random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_ODD = (
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f",
    b"\x80",
    b"-",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
)


class Mutator:
    """Makes inputs from seeds and words.

    Attributes:
        seeds: inputs that make sense.
        words: pieces that may stand in one.
        chance: where the choices come from.
        longest: inputs are cut here, in bytes.
    """

    def __init__(
        self,
        seeds: Sequence[bytes],
        words: Sequence[bytes],
        chance: random.Random,
        longest: int = 4096,
    ) -> None:
        self.seeds = seeds
        self.words = (*words, *_ODD)
        self.chance = chance
        self.longest = longest
        self.acts = (self.flip, self.cut, self.repeat, self.put, self.swap, self.splice)

    def next(self) -> bytes:
        """Make the next one."""
        data = self.chance.choice(self.seeds)
        for _ in range(self.chance.randint(1, 6)):
            data = self.chance.choice(self.acts)(data)
        return data[: self.longest]

    def place(self, data: bytes) -> int:
        return self.chance.randint(0, len(data))

    def part(self, data: bytes) -> tuple[int, int]:
        first = self.place(data)
        return first, min(len(data), first + self.chance.choice((1, 1, 2, 4, 8, 40)))

    def flip(self, data: bytes) -> bytes:
        if not data:
            return data
        changed = bytearray(data)
        changed[self.chance.randrange(len(data))] = self.chance.randrange(256)
        return bytes(changed)

    def cut(self, data: bytes) -> bytes:
        first, last = self.part(data)
        return data[:first] + data[last:]

    def repeat(self, data: bytes) -> bytes:
        first, last = self.part(data)
        return data[:first] + data[first:last] * self.chance.choice((2, 2, 3, 70)) + data[last:]

    def put(self, data: bytes) -> bytes:
        at = self.place(data)
        return data[:at] + self.chance.choice(self.words) + data[at:]

    def swap(self, data: bytes) -> bytes:
        first, last = self.part(data)
        return data[:first] + self.chance.choice(self.words) + data[last:]

    def splice(self, data: bytes) -> bytes:
        other = self.chance.choice(self.seeds)
        return data[: self.place(data)] + other[self.place(other) :]
