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
        self._neighbours: dict[str, set[Endpoint]] = {}
        for segment in lab.segments() if self._ends else ():
            for end in segment:
                self._neighbours.setdefault(end.node, set()).update(segment)

    def why_not(self, source: str, target: str, address: Address) -> str:
        """Say who hides the target, so that its address cannot be asked for; "" if nobody does."""
        ends = self._ends.get(address)
        if ends is None or source == target:
            return ""
        if any(end.node == source for end in ends):
            return f"{source} has {address} itself"
        near = [end.node for end in self._neighbours.get(source, ()) if end in ends]
        return (
            "" if not near or target in near else f"{near[0]}, which is nearer, has {address} too"
        )
