"""Everybody in turn, round after round: what changes on the machine meanwhile meets all alike."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

T = TypeVar("T")


def turns(rounds: Mapping[T, int]) -> Iterator[tuple[int, T]]:
    """Give round and contestant, in turn, as often as each shall run.

    Every other round goes backwards, so that nobody always follows the same one.
    """
    for number in range(max(rounds.values(), default=0)):
        for one, most in list(rounds.items())[:: -1 if number % 2 else 1]:
            if number < most:
                yield number, one


def say(text: str) -> None:
    """Tell the person in front of the terminal how far we are."""
    print(text, file=sys.stderr, flush=True)
