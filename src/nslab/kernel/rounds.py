"""One loop for several rounds of questions, each with sockets and deadlines of its own."""

from __future__ import annotations

import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    class Round(Protocol):
        """Questions of one kind that are under way."""

        epoll: select.epoll

        @property
        def left(self) -> int:
            """How many have no answer yet."""

        def ask(self) -> None:
            """Send what may be sent now."""

        def wait(self) -> float:
            """Give the seconds until something is due."""

        def gather(self) -> None:
            """Take what has come, and give up what has taken too long."""


def run(rounds: Sequence[Round], tell: Callable[[int], None] | None = None) -> None:
    """Run rounds side by side to their end.

    Args:
        rounds: each with an epoll object, which one more watches over.
        tell: called now and then with the number of questions that are left.
    """
    with select.epoll() as both:
        for one in rounds:
            both.register(one.epoll.fileno(), select.EPOLLIN)
        while under_way := [one for one in rounds if one.left]:
            for one in under_way:
                one.ask()
            both.poll(min(one.wait() for one in under_way))
            for one in under_way:
                one.gather()
            if tell is not None:
                tell(sum(one.left for one in rounds))
