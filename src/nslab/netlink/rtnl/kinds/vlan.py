"""VLAN links, IEEE 802.1Q and 802.1ad (linux/if_link.h, linux/if_vlan.h)."""

from __future__ import annotations

from nslab.netlink.attrs import BE16, U16, Message, attr, numbers, repeated


class IFLA_VLAN:  # noqa: N801 - the kernel's own name
    """A VLAN link's attribute types."""

    ID = 1
    FLAGS = 2
    EGRESS_QOS = 3
    INGRESS_QOS = 4
    PROTOCOL = 5


class IFLA_VLAN_QOS:  # noqa: N801 - the kernel's own name
    """Attribute types inside the two QOS nests."""

    MAPPING = 1


_MAPPINGS = repeated(IFLA_VLAN_QOS.MAPPING, numbers("=II"))


class VlanInfo(Message):
    """A VLAN link's tag. `flags` is (flags, mask); a QOS mapping is (from, to)."""

    id: int | None = attr(IFLA_VLAN.ID, U16)
    flags: tuple[int, ...] | None = attr(IFLA_VLAN.FLAGS, numbers("=II"))
    egress_qos: tuple[tuple[int, ...], ...] | None = attr(IFLA_VLAN.EGRESS_QOS, _MAPPINGS)
    ingress_qos: tuple[tuple[int, ...], ...] | None = attr(IFLA_VLAN.INGRESS_QOS, _MAPPINGS)
    protocol: int | None = attr(IFLA_VLAN.PROTOCOL, BE16)
