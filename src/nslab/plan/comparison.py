"""Three states of a lab side by side: as it shall be, as it is, and as it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.kernel.sandbox import HOST
from nslab.plan.addresses import complete, leaving
from nslab.plan.agree import agrees
from nslab.plan.state import KEPT, LinkState, NetnsState, fresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nslab.lab.model import Interface, Route
    from nslab.plan.state import End, State


EMPTY = NetnsState()


class Comparison:
    """What both sides of a plan, what goes and what comes, have to know."""

    def __init__(
        self,
        desired: State,
        observed: State,
        last: State,
        defaults: dict[str, str],
        standing: Mapping[str, int],
    ) -> None:
        kept = {name: KEPT[name] for name in KEPT if name in last and name not in desired}
        self.desired = complete({**desired, **kept}, defaults)
        self.last = complete(last, defaults)
        self.defaults = defaults
        known = {**self.desired, **last}
        self.present = {name: observed[name] for name in observed if name in known}
        self.gone = [name for name in self.present if name not in self.desired]
        there = self.present.keys() | KEPT.keys()
        self.new = [name for name in self.desired if name not in there]
        coming = {
            name: NetnsState() if name == HOST else fresh(defaults, standing)
            for name in self.desired
        }
        self.observed = {**coming, **self.present}
        self.indexes: dict[str, dict[str, int]] = {
            name: {**state.known, **{link.ifname: link.ifindex for link in state.links.values()}}
            for name, state in self.observed.items()
        }
        self.doomed: set[End] = set()
        self.lost: set[tuple[str, Route]] = set()
        self.made: set[End] = set()
        self.ports: set[End] = set()  # those that come as ports and up
        self.due: dict[str, int] = {}  # how many links of each netns are still to be set
        self.bare: dict[str, list[str]] = {}  # and which of them are there by now
        self.busy = {name: state for name, state in self.desired.items() if not self.is_so(name)}

    def is_so(self, name: str) -> bool:
        """Tell whether a netns is asked for as before, and is so: then it takes no step."""
        wanted, found = self.desired[name], self.present.get(name)
        return found is not None and self.last.get(name) == wanted and agrees(found, wanted)

    def open(self) -> list[str]:
        """Name the namespaces that are there, and in which something may have to change."""
        return [name for name in self.present if name in self.busy or name not in self.desired]

    def index_of(self, name: str, ifname: str | None) -> int:
        """Give the ifindex of a link, or of one that is to come; 0 for none."""
        return self.indexes[name].get(ifname, 0) if ifname else 0

    def master_of(self, name: str, link: LinkState) -> LinkState | None:
        """Give the bridge that a link is a port of; on the machine it is somebody else's."""
        if link.master is None:
            return None
        return LinkState(link.master, "bridge", self.index_of(name, link.master))

    def leaving(self, name: str, link: LinkState, wanted: LinkState) -> list[Interface]:
        """Give the addresses that a kept link loses, if only for a moment."""
        return leaving(link, self.mine(name, link.ifname), wanted)

    def mine(self, name: str, ifname: str) -> tuple[Interface, ...]:
        """Give the addresses that the last `up` asked for."""
        ours = self.last.get(name, EMPTY).links.get(ifname)
        return ours.addresses if ours else ()
