"""Ordered steps, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.plan.steps import DeleteNetns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nslab.plan.steps import Step


class Plan(Struct, frozen=True):
    """Ordered steps; printed, one command of stock tools a line."""

    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __str__(self) -> str:
        return "\n".join(step.command() for step in self.steps)

    def commands(self) -> list[str]:
        """Give each step as the command of stock tools that does the same."""
        return [step.command() for step in self.steps]


def parted(steps: Iterable[Step]) -> tuple[list[Step], list[Step]]:
    """Part the steps that can be undone from those that end namespaces, which come last of all."""
    inner: list[Step] = []
    ending: list[Step] = []
    for step in steps:
        (ending if type(step) is DeleteNetns else inner).append(step)
    return inner, ending
