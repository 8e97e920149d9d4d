"""Steps that give links their addresses."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.template import Template
from nslab.plan.steps.step import NEW, Step, ip_in

if TYPE_CHECKING:
    from nslab.lab.model import Interface
    from nslab.netlink.message import Request
    from nslab.plan.state import LinkState
    from nslab.plan.steps.step import Open


class AddAddress(Step, frozen=True):
    """Give a link an address. IPv6 ones skip duplicate address detection: MACs are ours.

    Attributes:
        lost: the steps that bring back what undoing it takes along, as DeleteLink has them: with a
            link's last IPv4 address the kernel drops its routes.
    """

    link: LinkState
    address: Interface
    lost: tuple[Step, ...] = ()

    def words(self) -> str:
        return f"give {self.netns}:{self.link.ifname} the address {self.address}"

    def command(self) -> str:
        extra = " nodad" if self.address.version == 6 else ""
        place = f"dev {quote(self.link.ifname)}{extra}"
        return f"{ip_in(self.netns)} address add {self.address.with_prefixlen} {place}"

    def finding(self) -> str:
        return f"{self.netns}:{self.link.ifname}: the address {self.address} is missing"

    def undo(self) -> list[Step]:
        return [DeleteAddress(self.netns, self.link, self.address), *self.lost]

    def requests(self, _: Open) -> list[Request]:
        return [_request(RTM.NEWADDR, NEW, self.link, self.address)]


class DeleteAddress(Step, frozen=True):
    """Take an address from a link."""

    link: LinkState
    address: Interface

    def words(self) -> str:
        return f"take the address {self.address} from {self.netns}:{self.link.ifname}"

    def command(self) -> str:
        place = f"dev {quote(self.link.ifname)}"
        return f"{ip_in(self.netns)} address delete {self.address.with_prefixlen} {place}"

    def finding(self) -> str:
        place = f"{self.netns}:{self.link.ifname}"
        return f"{place}: the address {self.address} is no longer in the file"

    def undo(self) -> list[Step]:
        return [AddAddress(self.netns, self.link, self.address)]

    def requests(self, _: Open) -> list[Request]:
        return [_request(RTM.DELADDR, 0, self.link, self.address)]


def _request(kind: int, flags: int, link: LinkState, address: Interface) -> Request:
    template = _V4 if address.version == 4 else _V6
    prefixlen = address.network.prefixlen
    return template.request(kind, flags, link.ifindex, prefixlen, address.packed)


def _v4(index: int, prefixlen: int, packed: bytes) -> Address:
    return Address(family=AF.INET, prefixlen=prefixlen, index=index, local=packed, address=packed)


def _v6(index: int, prefixlen: int, packed: bytes) -> Address:
    return Address(
        family=AF.INET6,
        prefixlen=prefixlen,
        index=index,
        flags8=IFA_F.NODAD,
        local=packed,
        address=packed,
    )


_V4, _V6 = Template(_v4, "I", "B", "4s"), Template(_v6, "I", "B", "16s")
