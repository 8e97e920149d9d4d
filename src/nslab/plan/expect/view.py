"""A running lab as it is looked at to find out where a way breaks: each thing read when needed."""

from __future__ import annotations

import errno
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.errors import KernelError, NslabError
from nslab.lab.names import FORWARD
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import AF, RTM, RTN
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link
from nslab.netlink.rtnl.neigh import NUD, Neigh
from nslab.netlink.rtnl.route import Route
from nslab.nft import program
from nslab.plan.observe import observe
from nslab.plan.segment import whole

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Desired
    from nslab.nft.rules import Json
    from nslab.plan.state import LinkState, State

_REFUSED = {
    errno.EHOSTUNREACH: "unreachable",
    errno.EACCES: "prohibit",
    errno.EINVAL: "blackhole",
}
_KINDS = {RTN.BLACKHOLE: "blackhole", RTN.UNREACHABLE: "unreachable", RTN.PROHIBIT: "prohibit"}
_ANSWERED = NUD.REACHABLE
_STEP = 0.02


class Leg(Struct, frozen=True):
    """Where a netns sends a packet.

    Attributes:
        ifname: the link; "" where there is none.
        via: the next hop; None where the destination itself is on the link.
        local: whether the address is the netns's own.
        mtu: of the way as far as the netns knows it, in bytes; 0 where it knows of none.
        refusal: why there is no way: "none", "blackhole", "unreachable", "prohibit"; "" else.
    """

    ifname: str = ""
    via: Address | None = None
    local: bool = False
    mtu: int = 0
    refusal: str = ""


class View:
    """Reads one running lab, as little of it as is asked for.

    Args:
        sandbox: a connection to its holder.
        lab: the lab.
        patience: seconds to wait for a neighbour's answer.
    """

    def __init__(self, sandbox: Sandbox, lab: Desired, patience: float = 1.0) -> None:
        self._sandbox = sandbox
        self._lab = lab
        self._patience = patience
        self._state: State | None = None
        self._rules: dict[str, list[Json]] = {}
        self._raw: dict[str, dict[int, Link]] = {}

    @property
    def state(self) -> State:
        """Everything that netlink tells, read once, each segment as one."""
        if self._state is None:
            self._state = whole(self._lab, observe(self._sandbox, [self._lab]))
        return self._state

    def links(self, netns: str) -> dict[str, LinkState]:
        """Give a netns's links by ifname."""
        return self.state[netns].links if netns in self.state else {}

    def forwards(self, netns: str, version: int) -> bool:
        """Tell whether a netns forwards packets of an IP version."""
        found = self.state[netns].sysctl if netns in self.state else {}
        return found.get(FORWARD[0 if version == 4 else 1]) == "1"

    def route(self, netns: str, address: Address) -> Leg:
        """Ask the kernel where a netns sends packets to an address."""
        size = address.max_prefixlen
        body = Route(family=_family(address), dst_len=size, dst=address.packed)
        try:
            handle = self._sandbox.handle(netns)
            found = handle.transport.get(Request(RTM.GETROUTE, body), Route)
        except KernelError as error:
            return Leg(refusal=_REFUSED.get(error.errno, "none"))
        if found.type in _KINDS:
            return Leg(refusal=_KINDS[found.type])
        link = self._links(netns).get(found.oif or 0)
        mtu = (found.metrics.mtu if found.metrics else None) or (link.mtu if link else 0)
        return Leg(
            ifname=link.ifname or "" if link else "",
            via=_via(found),
            local=found.type == RTN.LOCAL,
            mtu=mtu or 0,
        )

    def leaves_by(self, netns: str, address: Address) -> str | None:
        """Give the link by which a netns sends to an address, None where it does not."""
        return self.route(netns, address).ifname or None

    def holds(self, netns: str, address: Address) -> bool:
        """Tell whether a netns has an address."""
        return self.route(netns, address).local

    def neighbour(self, netns: str, ifname: str, address: Address) -> tuple[int, str]:
        """Give a neighbour's state and MAC as a netns has them; (0, "") where it has none."""
        for each in self._neighbours(netns, ifname):
            if each.dst == address.packed:
                return each.state, (each.lladdr or b"").hex(":")
        return NUD.NONE, ""

    def hears(self, netns: str, ifname: str | None, others: tuple[Address, ...]) -> bool:
        """Tell whether one of these answers on the link itself (ARP, NDP), asked anew.

        What the kernel thinks it knows may be old, so it is told to ask them once more.
        """
        transport = self._sandbox.handle(netns).transport
        known = [e for e in self._neighbours(netns, ifname) if _is_one_of(e, others)]
        asked = [
            Request(
                RTM.NEWNEIGH,
                Neigh(family=e.family, ifindex=e.ifindex, state=NUD.PROBE, dst=e.dst),
                NLM_F.REPLACE,
            )
            for e in known
        ]
        transport.batch(asked)
        deadline = time.monotonic() + self._patience
        while asked and time.monotonic() < deadline:
            now = self._neighbours(netns, ifname)
            if any(e.state & _ANSWERED and _is_one_of(e, others) for e in now):
                return True
            time.sleep(_STEP)
        return False

    def _neighbours(self, netns: str, ifname: str | None) -> list[Neigh]:
        transport = self._sandbox.handle(netns).transport
        found = transport.dump(Request(RTM.GETNEIGH, Neigh()), Neigh)
        links = self._links(netns)
        names = {index: link.ifname for index, link in links.items()}
        return [each for each in found if ifname in (None, names.get(each.ifindex))]

    def _links(self, netns: str) -> dict[int, Link]:
        """Read the links of one netns alone, once: their names and MTUs are enough here."""
        if netns not in self._raw:
            asked = Request(RTM.GETLINK, Link(ext_mask=RTEXT_FILTER.SKIP_STATS))
            found = self._sandbox.handle(netns).transport.dump(asked, Link)
            self._raw[netns] = {link.index: link for link in found}
        return self._raw[netns]

    def rules(self, netns: str) -> list[Json]:
        """Read the nftables rules of a netns; none where there is no `nft` to read them."""
        if netns not in self._rules:
            try:
                place = (self._sandbox.lab, self._sandbox.pid, netns)
                self._rules[netns] = program.listed(["ruleset"], place)
            except NslabError:
                self._rules[netns] = []
        return self._rules[netns]


def _family(address: Address) -> int:
    return AF.INET if address.version == 4 else AF.INET6


def _via(route: Route) -> Address | None:
    if route.gateway is not None:
        return ip_address(route.gateway)
    if route.via is not None and len(route.via) > 2:  # struct rtvia: another family's next hop
        return ip_address(route.via[2:])
    return None


def _is_one_of(entry: Neigh, others: tuple[Address, ...]) -> bool:
    """Tell whether an entry with a MAC that was once learnt is for one of these addresses."""
    return entry.lladdr is not None and entry.dst in [address.packed for address in others]
