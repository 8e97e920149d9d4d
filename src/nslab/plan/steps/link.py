"""Steps that make, change and delete links."""

from __future__ import annotations

import errno
from functools import lru_cache
from shlex import quote
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.kinds.macvlan import MacvlanInfo
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo
from nslab.netlink.template import Template
from nslab.plan.state import UNTOUCHED
from nslab.plan.steps.step import NEW, Step, dev, ip_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.plan.state import LinkState
    from nslab.plan.steps.step import Open


class AddBridge(Step, frozen=True):
    """Make a bridge, still down, in its fabric."""

    link: LinkState

    def words(self) -> str:
        return f"add the bridge {self.link.ifname}"

    def command(self) -> str:
        name, mac = dev(self.link.ifname), self.link.mac
        words = "".join(f" {key} {value}" for key, value in self.settings().items())
        return f"{ip_in(self.netns)} link add {name} address {mac} type bridge{words}"

    def finding(self) -> str:
        return f"{self.netns}: the bridge is missing"

    def undo(self) -> list[Step]:
        return [DeleteLink(self.netns, self.link)]

    def settings(self) -> dict[str, int]:
        """Give those that are not a new bridge's by themselves."""
        return dict(one for one in self.link.settings if one not in UNTOUCHED)

    def requests(self, _: Open) -> list[Request]:
        link = self.link
        body = Link(
            index=link.ifindex,
            ifname=link.ifname,
            address=mac_bytes(link.mac),
            linkinfo=_bridge_info(self.settings()),
        )
        return [Request(RTM.NEWLINK, body, NEW)]


class AddVeth(Step, frozen=True):
    """Make a cable: both ends placed and named by one message; a port comes enslaved and up.

    Each end is asked for with the one queue that it would use anyway: else the kernel makes one for
    each CPU, and takes the others out of use again, for which it waits until all CPUs know
    (drivers/net/veth.c: veth_init_queues).
    """

    near: LinkState
    far_netns: str
    far: LinkState
    master: LinkState | None = None

    def words(self) -> str:
        return f"join {self.netns}:{self.near.ifname} and {self.far_netns}:{self.far.ifname}"

    def command(self) -> str:
        port = f" master {quote(self.master.ifname)} up" if self.master else ""
        return (
            f"{ip_in(self.netns)} link add {_link_words(self.near)}{port}"
            f" type veth peer {_link_words(self.far)} netns {self.far_netns}"
        )

    def finding(self) -> str:
        ends = f"{self.netns}:{self.near.ifname} and {self.far_netns}:{self.far.ifname}"
        return f"{self.far_netns}:{self.far.ifname}: nothing joins {ends}"

    def remedy(self, number: int) -> str | None:
        if self.netns != HOST or number != errno.EEXIST:
            return None
        name = self.near.ifname
        return f"{name} is there and not the lab's: rename it, or the lab"

    def undo(self) -> list[Step]:
        return [DeleteLink(self.netns, self.near, (self.far_netns, self.far), self.master)]

    def requests(self, opened: Open) -> list[Request]:
        near, far, master = self.near, self.far, self.master
        names = [link.ifname.encode("utf-8", "surrogateescape") for link in (near, far)]
        macs = [mac_bytes(link.mac) or b"" for link in (near, far)]
        sizes = tuple(map(len, (*names, *macs)))
        template = _cable(sizes, near.mtu, far.mtu, is_port=master is not None)
        ends = near.ifindex, names[0], macs[0], far.ifindex, names[1], macs[1]
        netns, bridge = opened(self.far_netns).fd, master.ifindex if master else 0
        return [template.request(RTM.NEWLINK, NEW, *ends, netns, bridge)]


@lru_cache(1024)
def _cable(
    sizes: tuple[int, ...], near_mtu: int | None, far_mtu: int | None, *, is_port: bool
) -> Template:
    """Give the message of all cables whose ifnames and MACs have so many bytes, with these MTUs."""
    flags = IFF.UP if is_port else 0

    def message(  # noqa: PLR0913, PLR0917 - all in which one cable differs from another
        index: int,
        ifname: bytes,
        mac: bytes,
        far_index: int,
        far_ifname: bytes,
        far_mac: bytes,
        netns: int,
        bridge: int,
    ) -> Link:
        peer = Link(
            index=far_index,
            ifname=far_ifname.decode("utf-8", "surrogateescape"),
            address=far_mac or None,
            mtu=far_mtu,
            net_ns_fd=netns,
            num_tx_queues=1,
            num_rx_queues=1,
        )
        return Link(
            index=index,
            flags=flags,
            change=flags,
            ifname=ifname.decode("utf-8", "surrogateescape"),
            address=mac or None,
            mtu=near_mtu,
            master=bridge if is_port else None,
            num_tx_queues=1,
            num_rx_queues=1,
            linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=peer)),
        )

    name, far_name, mac, far_mac = (f"{size}s" for size in sizes)
    return Template(message, "i", name, mac, "i", far_name, far_mac, "I", "I")


class AddMacvlan(Step, frozen=True):
    """Let another netns have what a link receives: by a macvlan on it, with its MAC.

    A link of the machine's joins a bridge so, as a port and up; and a bridge the netns `outside`.

    Attributes:
        below: the link that stays where it is, and `below_index`, its ifindex.
        above: the netns in which the macvlan comes to be.
        link: the macvlan itself.
        master: the bridge that it is to be a port of.
    """

    below: str
    below_index: int
    above: str
    link: LinkState
    master: LinkState | None = None

    def words(self) -> str:
        if self.netns == HOST:
            return f"join the machine's link {self.below} to {self.above}"
        return f"join {self.netns}:{self.below} and {self.above}:{self.link.ifname}"

    def command(self) -> str:
        name = quote(self.link.ifname)
        mtu = f" mtu {self.link.mtu}" if self.link.mtu else ""
        said = (
            f"{ip_in(self.netns)} link add link {quote(self.below)} name {name}"
            f" index {self.link.ifindex}{mtu}"
            f" netns {self.above} type macvlan mode passthru{' nopromisc' * self._is_quiet()}"
        )
        if self.master is None:
            return said
        port = f"link set {dev(self.link.ifname)}"
        return f"{said} && ip -n {self.above} {port} master {quote(self.master.ifname)} up"

    def finding(self) -> str:
        where = "the machine's link " if self.netns == HOST else f"{self.netns}:"
        return f"{self.above}:{self.link.ifname}: nothing joins {where}{self.below}"

    def undo(self) -> list[Step]:
        return [DeleteLink(self.above, self.link, None, self.master)]

    def _is_quiet(self) -> bool:
        """Tell whether the link below is to receive only what is for it: a bridge does, a NIC not.

        A port of a bridge must get what is for others.
        """
        return self.master is None

    def remedy(self, number: int) -> str | None:
        if self.netns != HOST or number not in (errno.EBUSY, errno.EINVAL):
            return None
        return f"something else has {self.below}: a macvlan in another namespace, or another lab's"

    def requests(self, opened: Open) -> list[Request]:
        flags = _NOPROMISC if self._is_quiet() else None
        info = LinkInfo(kind="macvlan", data=MacvlanInfo(mode=_PASSTHRU, flags=flags))
        up = IFF.UP if self.master else 0
        body = Link(
            index=self.link.ifindex,
            flags=up,
            change=up,
            ifname=self.link.ifname,
            link=self.below_index,
            mtu=self.link.mtu,
            master=self.master.ifindex if self.master else None,
            net_ns_fd=opened(self.above).fd,
            linkinfo=info,
        )
        return [Request(RTM.NEWLINK, body, NEW)]


class DeleteLink(Step, frozen=True):
    """Take a link away; of a cable both ends go.

    Attributes:
        lost: the steps that bring back what goes along: addresses, routes, being up.
        below_index: the ifindex of the link below a macvlan.
    """

    link: LinkState
    far: tuple[str, LinkState] | None = None
    master: LinkState | None = None
    lost: tuple[Step, ...] = ()
    below_index: int = 0

    def words(self) -> str:
        return f"delete the link {self.netns}:{self.link.ifname}"

    def command(self) -> str:
        return f"{ip_in(self.netns)} link delete {dev(self.link.ifname)}"

    def finding(self) -> str:
        return f"{self.netns}:{self.link.ifname}: the link is no longer in the file"

    def undo(self) -> list[Step]:
        link = self.link
        if link.kind == "macvlan" and link.peer:
            place = (*link.peer, self.below_index, self.netns)
            return [AddMacvlan(*place, link, self.master), *self.lost]
        if self.far is None:
            return [AddBridge(self.netns, self.link), *self.lost]
        return [AddVeth(self.netns, self.link, *self.far, self.master), *self.lost]

    def company(self) -> object:
        return DeleteLink, self.netns

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELLINK, Link(index=self.link.ifindex))]


_DOOMED = 0x6E736C62
"""The group of links that are about to be deleted: a number that nobody else uses."""


def delete_together(steps: Sequence[DeleteLink]) -> list[tuple[DeleteLink, Request]]:
    """Give the messages that delete several links of a netns of the lab's, each with its step.

    They become a group, which is deleted as one: the kernel waits until nobody uses a deleted link
    any more, some 15 ms, and so it waits once.
    """
    marked = [(s, Request(RTM.SETLINK, Link(index=s.link.ifindex, group=_DOOMED))) for s in steps]
    return [*marked, (steps[-1], Request(RTM.DELLINK, Link(group=_DOOMED)))]


class SetLink(Step, frozen=True):
    """Change a link in place: from `before` to `link`, naming only what differs."""

    link: LinkState
    before: LinkState
    master: int = 0
    master_before: int = 0

    def words(self) -> str:
        return f"set {self.netns}:{self.link.ifname} {self.changes()}"

    def command(self) -> str:
        return f"{ip_in(self.netns)} link set {dev(self.link.ifname)} {self.changes()}"

    def finding(self) -> str:
        link, before = self.link, self.before
        found = []
        if link.up != before.up:
            found.append("is up" if before.up else "is down")
        if link.mac != before.mac:
            found.append(f"has the MAC {before.mac}, not {link.mac}")
        if link.mtu != before.mtu:
            found.append(f"has the MTU {before.mtu}, not {link.mtu}")
        if link.alias != before.alias:
            found.append(f"has the alias {quote(before.alias)}, not {link.alias}")
        if link.master != before.master:
            found.append(f"is a port of {before.master or 'nothing'}, not of {link.master}")
        found += [f"has {key} {old}, not {new}" for key, new, old in self.settings()]
        return f"{self.netns}:{link.ifname}: {', '.join(found)}"

    def settings(self) -> list[tuple[str, int, int]]:
        """Give the settings of the link's kind that differ: the name, what is to be, what was."""
        before = dict(self.before.settings)
        pairs = self.link.settings
        return [(key, new, before[key]) for key, new in pairs if before.get(key, new) != new]

    def changes(self) -> str:
        """Give the words of `ip link set` for what differs."""
        link, before, words = self.link, self.before, []
        if link.mac != before.mac:
            words.append(f"address {link.mac}")
        if link.mtu != before.mtu:
            words.append(f"mtu {link.mtu}")
        if link.master != before.master:
            words.append(f"master {quote(link.master)}" if link.master else "nomaster")
        if link.alias != before.alias:
            words.append(f"alias {quote(link.alias)}")
        if link.up != before.up:
            words.append("up" if link.up else "down")
        if changed := [f"{key} {new}" for key, new, _ in self.settings()]:
            words += ["type", link.kind, *changed]
        return " ".join(words)

    def undo(self) -> list[Step]:
        return [SetLink(self.netns, self.before, self.link, self.master_before, self.master)]

    def requests(self, _: Open) -> list[Request]:
        link, before = self.link, self.before
        if link.up != before.up and link == replace(before, up=link.up):
            return [_switched(link.ifindex, up=link.up)]
        changed = IFF.UP if link.up != before.up else 0
        body = Link(
            index=link.ifindex,
            flags=changed if link.up else 0,
            change=changed,
            address=mac_bytes(link.mac) if link.mac != before.mac else None,
            mtu=link.mtu if link.mtu != before.mtu else None,
            master=self.master if link.master != before.master else None,
            ifalias=link.alias if link.alias != before.alias else None,
            linkinfo=self.kind_info(),
        )
        return [Request(RTM.NEWLINK, body)]

    def kind_info(self) -> LinkInfo | None:
        """Give what is to be set of the link's kind, a bridge's alone."""
        changed = {key: new for key, new, _ in self.settings()}
        return _bridge_info(changed) if changed else None


@lru_cache(1024)
def _switched(index: int, *, up: bool) -> Request:
    """Give what only brings a link up or down, once for all namespaces."""
    return Request(RTM.NEWLINK, Link(index=index, flags=IFF.UP if up else 0, change=IFF.UP))


def _bridge_info(settings: dict[str, int]) -> LinkInfo:
    data = BridgeInfo(
        mcast_snooping=settings.get("mcast_snooping"),
        stp_state=settings.get("stp_state"),
        vlan_filtering=settings.get("vlan_filtering"),
    )
    return LinkInfo(kind="bridge", data=data)


_PASSTHRU, _NOPROMISC = 8, 1  # linux/if_link.h: MACVLAN_MODE_PASSTHRU, MACVLAN_FLAG_NOPROMISC


def mac_bytes(mac: str) -> bytes | None:
    """Give a MAC's six octets; None for ""."""
    return bytes.fromhex(mac.replace(":", "")) if mac else None


def with_ifindex(link: LinkState, ifindex: int) -> LinkState:
    """Give the link with its ifindex chosen."""
    return link if link.ifindex == ifindex else replace(link, ifindex=ifindex)


def _link_words(link: LinkState) -> str:
    mtu = f" mtu {link.mtu}" if link.mtu else ""
    return f"name {quote(link.ifname)} address {link.mac}{mtu}"
