"""Where each kind of link is implemented."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

MODULES = {
    "bond": "bond",
    "bond_slave": "bond_port",
    "bridge": "bridge",
    "bridge_slave": "bridge_port",
    "dummy": "plain",
    "ifb": "plain",
    "ipvlan": "ipvlan",
    "ipvtap": "ipvlan",
    "macvlan": "macvlan",
    "macvtap": "macvlan",
    "nlmon": "plain",
    "team": "plain",
    "team_slave": "plain",
    "tun": "tun",
    "vcan": "plain",
    "veth": "veth",
    "vlan": "vlan",
    "vrf": "vrf",
    "vrf_slave": "vrf",
    "vxlan": "vxlan",
}
"""The module of each kind that has words or details of its own."""

ELSEWHERE = frozenset(
    [
        "amt",
        "bareudp",
        "batadv",
        "can",
        "dsa",
        "erspan",
        "geneve",
        "gre",
        "gretap",
        "gtp",
        "hsr",
        "ip6erspan",
        "ip6gre",
        "ip6gretap",
        "ip6tnl",
        "ipip",
        "ipoib",
        "macsec",
        "netdevsim",
        "rmnet",
        "sit",
        "virt_wifi",
        "vti",
        "vti6",
        "vxcan",
        "wwan",
        "xfrm",
    ]
)
"""Kinds whose words and details are left to the real program."""


_WITHOUT_USAGE = ("tun", "vrf_slave")


def usage_of(kind: str) -> str | None:
    """Give the usage of a kind, None if it has none."""
    module = None if kind in _WITHOUT_USAGE else module_of(kind)
    if module is None:
        return None
    usage: str = module.usage_of(kind) if hasattr(module, "usage_of") else module.USAGE
    return usage


def module_of(kind: str) -> ModuleType | None:
    """Load the module of a kind, None if it has no words and details of its own."""
    name = MODULES.get(kind)
    if name is None:
        return None
    return __import__(f"nslab.ip.link.kinds.{name}", fromlist=("*",))
