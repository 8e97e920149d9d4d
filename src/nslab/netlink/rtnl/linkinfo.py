"""Which message each kind of link has of its own, in IFLA_INFO_DATA and IFLA_INFO_SLAVE_DATA.

dummy and ifb have none; wireguard's is spoken over generic netlink.
"""

from __future__ import annotations

import sys

__all__ = [
    "IFLA_BR",
    "IFLA_BRPORT",
    "BridgeInfo",
    "BridgePortInfo",
    "class_of",
    "info_of",
    "port_info_of",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.netlink.attrs import Message
    from nslab.netlink.rtnl.kinds.bridge import IFLA_BR, IFLA_BRPORT, BridgeInfo, BridgePortInfo
else:

    def __getattr__(name: str) -> object:
        """Load the names of bridges when they are asked for: who lists links need not."""
        if name not in __all__:
            raise AttributeError(name)
        return getattr(__import__(f"{__package__}.kinds.bridge", fromlist=("*",)), name)


KINDS = {
    "bond": "kinds.bond:BondInfo",
    "bridge": "kinds.bridge:BridgeInfo",
    "erspan": "kinds.tunnel:GreInfo",
    "gre": "kinds.tunnel:GreInfo",
    "gretap": "kinds.tunnel:GreInfo",
    "ip6erspan": "kinds.tunnel:GreInfo",
    "ip6gre": "kinds.tunnel:GreInfo",
    "ip6gretap": "kinds.tunnel:GreInfo",
    "ip6tnl": "kinds.tunnel:IptunInfo",
    "ipip": "kinds.tunnel:IptunInfo",
    "ipvlan": "kinds.ipvlan:IpvlanInfo",
    "ipvtap": "kinds.ipvlan:IpvlanInfo",
    "macvlan": "kinds.macvlan:MacvlanInfo",
    "macvtap": "kinds.macvlan:MacvlanInfo",
    "sit": "kinds.tunnel:IptunInfo",
    "tun": "kinds.tun:TunInfo",
    "veth": "link:VethInfo",
    "vlan": "kinds.vlan:VlanInfo",
    "vrf": "kinds.vrf:VrfInfo",
    "vxlan": "kinds.vxlan:VxlanInfo",
}
"""Where the message of a kind's IFLA_INFO_DATA is: a file of this folder, a class in it."""

PORT_KINDS = {
    "bond": "kinds.bond:BondPortInfo",
    "bridge": "kinds.bridge:BridgePortInfo",
    "vrf": "kinds.vrf:VrfPortInfo",
}
"""The same for the IFLA_INFO_SLAVE_DATA of a master's ports."""

_loaded: dict[str, type[Message]] = {}


def info_of(kind: str | None) -> type[Message] | None:
    """Give the message of a kind's own attributes, or None where there is none."""
    home = KINDS.get(kind or "")
    return None if home is None else class_of(home)


def port_info_of(kind: str | None) -> type[Message] | None:
    """Give the message of a port's attributes, by its master's kind, or None."""
    home = PORT_KINDS.get(kind or "")
    return None if home is None else class_of(home)


def class_of(home: str) -> type[Message]:
    """Give a message class of this folder that is loaded when it is first met: `file:Class`."""
    if home not in _loaded:
        module, _, name = home.partition(":")
        path = f"{__package__}.{module}"
        __import__(path)
        _loaded[home] = getattr(sys.modules[path], name)
    return _loaded[home]
