"""The order in which cables are made."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nslab.plan.state import End

    Pair = tuple[End, End]
    Queues = Mapping[str, deque[tuple[str, End]]]


def cable_order(coming: Mapping[str, Sequence[tuple[str, End]]]) -> Iterator[Pair]:
    """Give cables in an order in which each netns gets its links one after the other.

    Where there is such an order, the kernel, if asked for no ifindexes, chooses the same ones. A
    circle that has none is begun somewhere.

    Args:
        coming: the ifnames to come in each netns, in their order there, each with its peer. The
            netns that stands first gives the first end.
    """
    place = {name: number for number, name in enumerate(coming)}
    queues = {name: deque(ends) for name, ends in coming.items()}
    work = deque(coming)
    for name in coming:
        yield from _drain(queues, place, work)
        while queues[name]:
            ifname, peer = queues[name][0]
            yield from _join(queues, place, (name, ifname), peer)
            work += [name, peer[0]]
            yield from _drain(queues, place, work)


def _drain(queues: Queues, place: Mapping[str, int], work: deque[str]) -> Iterator[Pair]:
    """Give every cable whose ends are next in both netns, beginning with the netns in `work`."""
    while work:
        name = work.popleft()
        while queues[name]:
            ifname, peer = queues[name][0]
            if queues[peer[0]][0] != (peer[1], (name, ifname)):
                break
            yield from _join(queues, place, (name, ifname), peer)
            work.append(peer[0])


def _join(queues: Queues, place: Mapping[str, int], end: End, peer: End) -> Iterator[Pair]:
    queues[end[0]].remove((end[1], peer))
    queues[peer[0]].remove((peer[1], end))
    yield (end, peer) if place[end[0]] <= place[peer[0]] else (peer, end)
