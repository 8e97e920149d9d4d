"""Addresses that several nodes have, as two segments of one subnet do: who answers in whose place.

Whoever asks for such an address hears of itself, or of its neighbour that has it, and takes the
answer for that of a node far away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.lab.model import Address, Desired, Endpoint


class Shadows:
    """The addresses of a lab that are there more than once."""

    def __init__(self, lab: Desired) -> None:
        found: dict[Address, list[Endpoint]] = {}
        for ends in lab.endpoints().values():
            for end in ends:
                for item in end.addresses:
                    found.setdefault(item.ip, []).append(end)
        self._ends = {address: ends for address, ends in found.items() if len(ends) > 1}
        self._segments: dict[str, dict[str, int]] = {}  # of each node, by its ifnames
        for number, segment in enumerate(lab.segments() if self._ends else ()):
            for end in segment:
                self._segments.setdefault(end.node, {})[end.ifname] = number

    def why_not(self, source: str, target: str, address: Address) -> str:
        """Say who hides the target, so that its address cannot be asked for; "" if nobody does.

        Where the address itself is the target, anybody may answer.
        """
        if not self._ends or target in (source, str(address)):
            return ""
        ends = self._ends.get(address, ())
        if any(end.node == source for end in ends):
            return f"{source} has {address} itself"
        own = set(self._segments.get(source, {}).values())
        near = [end.node for end in ends if self._segments[end.node][end.ifname] in own]
        if not near or target in near:
            return ""
        return f"{near[0]}, which is nearer, has {address} too"
