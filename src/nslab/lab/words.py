"""The words of a lab file: every object, its keys, what each takes and what it means.

This table is what the loader accepts, what the JSON Schema is made from, and what an editor shows.
A key with `later` is known and refused: a lab must not come up without something that it asks for.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TypeAlias

from msgspec import Struct


class Kind(Enum):
    """What a key takes."""

    VERSION = auto()
    NAME = auto()
    NODE = auto()
    IFNAME = auto()
    SUBNETS = auto()
    ADDRESSES = auto()
    ADDRESS = auto()
    DST = auto()
    MAC = auto()
    MTU = auto()
    METRIC = auto()
    FLAG = auto()
    PUBLISH = auto()
    UPLINK = auto()
    HOST = auto()
    NODE_UPLINK = auto()
    SYSCTL = auto()
    BRIDGES = auto()
    CABLES = auto()
    NODES = auto()
    PORTS = auto()
    ENDS = auto()
    ROUTES = auto()
    EXPECT = auto()
    LATER = auto()


class Key(Struct, frozen=True):
    """One key of an object: what it takes, and its description in one line."""

    kind: Kind
    doc: str
    required: bool = False


Words: TypeAlias = dict[str, Key]
"""The keys of one object of the file."""


def _later(doc: str) -> Key:
    return Key(Kind.LATER, doc)


_IMPAIRMENTS: Words = {
    "delay": _later("How long each packet waits, as 10ms."),
    "jitter": _later("How much the delay varies, as 1ms."),
    "loss": _later("How many packets are lost, as 1%."),
    "duplicate": _later("How many packets arrive twice, as 1%."),
    "reorder": _later("How many packets overtake others, as 1%."),
    "corrupt": _later("How many packets get a wrong bit, as 1%."),
    "rate": _later("How many bits pass in a second, as 100mbit."),
    "limit": _later("How many packets may wait."),
}

LAB: Words = {
    "version": Key(Kind.VERSION, "The version of this format: 1."),
    "name": Key(Kind.NAME, "The lab's name; without it, the file's name without its suffix."),
    "bridges": Key(Kind.BRIDGES, "The bridges by name: each a segment, as one switch."),
    "cables": Key(Kind.CABLES, "The cables: each joins two endpoints."),
    "nodes": Key(Kind.NODES, "The nodes by name; one that needs nothing said may be left out."),
    "expect": Key(Kind.EXPECT, "Who must reach whom, and who must not, as pc1 -> far tcp/80."),
}

BRIDGE: Words = {
    "subnet": Key(Kind.SUBNETS, "The subnet from which its ports get addresses, or a list."),
    "ports": Key(Kind.PORTS, "The endpoints on this bridge."),
    "mtu": Key(Kind.MTU, "The MTU of its ports, in bytes, where a port says no other."),
    "mac": Key(Kind.MAC, "The bridge device's own MAC; chosen where missing."),
    "uplink": Key(Kind.UPLINK, "A way out of the lab: true, or a mapping."),
    "host": Key(Kind.HOST, "A bridge or another link of the machine that joins this segment."),
    "vlan": _later("The VLANs of the bridge."),
}

HOST: Words = {
    "link": Key(Kind.IFNAME, "The machine's link, by its ifname there.", required=True),
}
"""A link of the machine that is no bridge and joins a bridge of the lab."""

CABLE: Words = {
    "ends": Key(Kind.ENDS, "The two endpoints that it joins.", required=True),
    "subnet": Key(Kind.SUBNETS, "The subnet from which its ends get addresses, or a list."),
    "mtu": Key(Kind.MTU, "The MTU of its ends, in bytes, where an end says no other."),
    **_IMPAIRMENTS,
}

ENDPOINT: Words = {
    "node": Key(Kind.NODE, "The node, or node:ifname.", required=True),
    "ifname": Key(Kind.IFNAME, "The link's name in the node; the next free ethN where missing."),
    "addresses": Key(
        Kind.ADDRESSES,
        "Exactly these addresses, and none for []; without it, one from each subnet.",
    ),
    "mac": Key(Kind.MAC, "The link's MAC; chosen where missing."),
    "mtu": Key(Kind.MTU, "The link's MTU in bytes; the kernel's own (1500) where missing."),
    "vlan": _later("The VLANs of this port."),
    **_IMPAIRMENTS,
}

NODE: Words = {
    "forward": Key(Kind.FLAG, "Whether the node forwards IPv4 and IPv6: a router."),
    "routes": Key(Kind.ROUTES, "The node's static routes."),
    "sysctl": Key(Kind.SYSCTL, "Settings of the node's network stack: net.* keys and values."),
    "uplink": Key(Kind.NODE_UPLINK, "A way out of the lab of its own: true, or a mapping."),
    "publish": Key(Kind.PUBLISH, "Ports of the outside that lead to this node, as 8080:80."),
    "services": _later("Programs that run in this node."),
}

_MASQUERADE = Key(
    Kind.FLAG, "Whether what leaves takes the way out's own address; true if missing."
)
_GATEWAY = Key(Kind.ADDRESSES, "The addresses of the way out here; one of each subnet if missing.")

UPLINK: Words = {"masquerade": _MASQUERADE, "gateway": _GATEWAY, "mtu": ENDPOINT["mtu"]}
"""A bridge's way out."""

NODE_UPLINK: Words = {
    **UPLINK,
    "subnet": Key(Kind.SUBNETS, "The subnet of the cable to the way out, or a list."),
    "ifname": ENDPOINT["ifname"],
    "addresses": ENDPOINT["addresses"],
    "mac": ENDPOINT["mac"],
}
"""A node's own way out: its end of a cable that leads there."""

ROUTE: Words = {
    "dst": Key(Kind.DST, "The destination: default, a network, or one address.", required=True),
    "via": Key(Kind.ADDRESS, "The next hop's address."),
    "dev": Key(Kind.IFNAME, "The link in this node, by its ifname."),
    "metric": Key(Kind.METRIC, "The route's priority: the lowest wins."),
}
