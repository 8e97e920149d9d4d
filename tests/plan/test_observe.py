"""What is made of the kernel's answers."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import TYPE_CHECKING, cast

from nslab.netlink.rtnl.address import IFA_F, Address
from nslab.netlink.rtnl.constants import AF
from nslab.plan.agree import agrees
from nslab.plan.observe import _addresses
from nslab.plan.state import LinkState, NetnsState

if TYPE_CHECKING:
    from nslab.kernel.transport import Transport

ADDRESSES = {
    "10.0.0.1/24": IFA_F.PERMANENT,
    "10.0.0.2/24": IFA_F.SECONDARY,
    "fd00::1/64": IFA_F.PERMANENT | IFA_F.TENTATIVE,
    "fd00::2/64": IFA_F.MANAGETEMPADDR,
    "fd00::3/64": IFA_F.TEMPORARY,
    "fd00::4/64": IFA_F.TENTATIVE,
    "fd00::5/64": IFA_F.DADFAILED,
}


class Kernel:
    """What answers every dump with ADDRESSES."""

    def dump(self, *_: object) -> list[Address]:
        return [message_of(text, flags) for text, flags in ADDRESSES.items()]


def message_of(text: str, flags: int) -> Address:
    item = ip_interface(text)
    return Address(
        family=AF.INET if item.version == 4 else AF.INET6,
        prefixlen=item.network.prefixlen,
        index=2,
        address=item.packed,
        flags=flags,
    )


def test_addresses_that_nobody_can_count_on_are_left_out() -> None:
    lasting, dynamic = _addresses(cast("Transport", Kernel()))
    assert [str(one) for one in lasting[2]] == ["10.0.0.1/24", "fd00::1/64"]
    assert [str(one) for one in dynamic[2]] == ["10.0.0.2/24", "fd00::2/64"]


def test_a_netns_is_as_it_is_wanted_whatever_it_has_for_a_time() -> None:
    wanted = LinkState("eth0", "veth", 2)
    found = LinkState("eth0", "veth", 2, dynamic=(ip_interface("10.0.0.2/24"),))
    assert agrees(NetnsState({"eth0": found}), NetnsState({"eth0": wanted}))
