"""`Lab`: a network put together by Python calls, or read from a file.

It is plain data: nothing happens before `up`. Each call adds to the same tree that a file holds, so
that what is checked, refused and chosen is the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from os import PathLike
from sys import _getframe
from typing import TypeAlias

from msgspec import Struct

from nslab.lab.document import Document, Path, Place, Tree, quote
from nslab.lab.model import Desired
from nslab.lab.names import nearest
from nslab.lab.resolve import resolve

_IP = IPv4Address | IPv4Interface | IPv4Network | IPv6Address | IPv6Interface | IPv6Network

Text: TypeAlias = str | _IP
"""A text, or one of `ipaddress`'s values in its place."""

Texts: TypeAlias = Text | Sequence[Text]
"""One or several."""

Said: TypeAlias = Mapping[str, Text | int]
"""A route in the words of the file: `{"dst": "default", "via": "10.0.0.1"}`."""


def desired_of(lab: Lab | Desired) -> Desired:
    """Resolve a lab that is not yet.

    Raises:
        LabFileError: every problem of the lab.
        TypeError: it is something else.
    """
    if isinstance(lab, Lab):
        return lab.resolve()
    if isinstance(lab, Desired):
        return lab
    hint = "; `load(path)` reads one from a file" if isinstance(lab, str | PathLike) else ""
    raise TypeError(f"a Lab is needed, not {type(lab).__name__}{hint}")


class BridgeRef(Struct, frozen=True):
    """A bridge of a lab, by its name."""

    name: str


class NodeRef(Struct, frozen=True):
    """A node of a lab, by its name."""

    name: str


class End(Struct, frozen=True):
    """An endpoint for `Lab.cable`, as `end` makes it."""

    node: str
    ifname: str | None = None
    addresses: Texts | None = None
    mac: str | None = None
    mtu: int | None = None


def end(
    node: NodeRef | str,
    ifname: str | None = None,
    *,
    addresses: Texts | None = None,
    mac: str | None = None,
    mtu: int | None = None,
) -> End:
    """Say more of one end of a cable than its node.

    Args:
        node: the node, or its name.
        ifname: the link's name in the node; the next free `ethN` where missing.
        addresses: exactly these, with their prefix lengths where the cable has no subnet.
        mac: the link's MAC; chosen where missing.
        mtu: in bytes.
    """
    return End(_name(node), ifname, addresses, mac, mtu)


class Lab:
    """A lab: bridges, cables and nodes, to be brought up, drawn or written to a file.

    Two labs are equal when they resolve to the same values, however they were written.

    Args:
        name: the lab's name.
    """

    def __init__(self, name: str) -> None:
        self._document = Document({"name": name})
        self._mark("name")
        self._path: str | None = None
        self._desired: Desired | None = None

    @classmethod
    def of(cls, document: Document) -> Lab:
        """Make a lab of a document as it is; nothing is checked yet."""
        lab = cls("")
        lab._document = document
        lab._path = document.source
        return lab

    @property
    def name(self) -> str:
        """The lab's name."""
        return str(self._tree().get("name", ""))

    @property
    def source(self) -> str | None:
        """The file that the lab was read from, as it was named; None for one made in Python."""
        return self._path

    @property
    def document(self) -> dict[str, Tree]:
        """A copy of the lab's tree: what stands in its file, or would."""
        return deepcopy(self._tree())

    def __repr__(self) -> str:
        return f"Lab({self.name!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lab):
            return NotImplemented
        return self is other or self.resolve() == other.resolve()

    __hash__ = None  # type: ignore[assignment]

    def bridge(
        self,
        name: str,
        *,
        subnet: Texts | None = None,
        mtu: int | None = None,
        mac: str | None = None,
        uplink: bool | Said | None = None,
        host: str | Mapping[str, str] | None = None,
    ) -> BridgeRef:
        """Add a bridge.

        Args:
            name: unique in the lab, nodes included.
            subnet: from which its ports get addresses, or several.
            mtu: of its ports, in bytes.
            mac: the bridge device's own.
            uplink: True for a way out of the lab, or a mapping in the words of the file.
            host: a bridge of the machine that joins this segment, or `{"link": ifname}`.
        """
        said = _said(subnet=subnet, mtu=mtu, mac=mac, uplink=uplink, host=host)
        self._add("bridges", name, said)
        return BridgeRef(name)

    def node(
        self,
        name: str,
        *,
        on: BridgeRef | str | Sequence[BridgeRef | str] = (),
        addresses: Texts | None = None,
        forward: bool = False,
        routes: Sequence[Said] = (),
        sysctl: Mapping[str, str | int] | None = None,
        uplink: bool | Said | None = None,
        publish: str | Sequence[str] | None = None,
    ) -> NodeRef:
        """Add a node, with a port on each bridge of `on`.

        Args:
            name: unique in the lab, bridges included.
            on: the bridge or bridges that it joins.
            addresses: exactly these on its port; only with one bridge.
            forward: whether it forwards IPv4 and IPv6: a router.
            routes: its static routes, in the words of the file.
            sysctl: settings of its network stack, `net.*` keys and values.
            uplink: True for a way out of its own, or a mapping in the words of the file.
            publish: ports of the outside that lead to it, as `8080:80` or `127.0.0.1:53:53/udp`.
        """
        said = _said(
            forward=forward or None,
            routes=routes or None,
            sysctl=sysctl or None,
            uplink=uplink,
            publish=publish,
        )
        place = self._add("nodes", name, said)
        bridges = [on] if isinstance(on, BridgeRef | str) else list(on)
        if addresses is not None and len(bridges) != 1:
            message = f"addresses are for one port, and {quote(name)} has {len(bridges)}"
            hint = "give them with port()"
            self._document.refuse(("nodes", name), message, hint=hint, place=place)
        for bridge in bridges:
            self.port(bridge, name, addresses=addresses)
        return NodeRef(name)

    def port(
        self,
        bridge: BridgeRef | str,
        node: NodeRef | str,
        ifname: str | None = None,
        *,
        addresses: Texts | None = None,
        mac: str | None = None,
        mtu: int | None = None,
    ) -> None:
        """Put a node on a bridge; arguments as those of `end`."""
        name = _name(bridge)
        known = self._section("bridges")
        tree = known.get(name)
        if name in known and tree is None:
            tree = known[name] = {}
        if not isinstance(tree, dict):
            place = self._mark()
            message = f"no bridge {quote(name)}"
            path: Path = ("bridges", name)
            self._document.refuse(path, message, hint=nearest(name, known), place=place)
            return
        ports = tree.get("ports")
        if not isinstance(ports, list):
            ports = tree["ports"] = []
        self._mark("bridges", name, "ports", len(ports))
        ports.append(_endpoint(end(node, ifname, addresses=addresses, mac=mac, mtu=mtu)))

    def cable(
        self,
        a: NodeRef | End | str,
        b: NodeRef | End | str,
        *,
        subnet: Texts | None = None,
        mtu: int | None = None,
        delay: str | None = None,
    ) -> None:
        """Join two nodes by a cable.

        Args:
            a: a node, `node:ifname`, or what `end` gives.
            b: the same for the other end.
            subnet: from which its ends get addresses, or several.
            mtu: of both ends, in bytes.
            delay: how long each packet waits, as `10ms`; not supported yet.
        """
        cables = self._tree().get("cables")
        if not isinstance(cables, list):
            cables = self._tree()["cables"] = []
        self._mark("cables", len(cables))
        ends: list[Tree] = [_endpoint(a), _endpoint(b)]
        cables.append({"ends": ends, **_said(subnet=subnet, mtu=mtu, delay=delay)})

    def expect(self, *texts: str) -> None:
        """Say who must reach whom, and who must not, for `Running.check` and `nslab ping`.

        Args:
            texts: each as the file has it: `"pc1 -> far tcp/80"`, `"far -/> pc1"`.
        """
        said = self._tree().get("expect")
        if not isinstance(said, list):
            said = self._tree()["expect"] = [] if said is None else [said]
        for text in texts:
            self._mark("expect", len(said))
            said.append(text)

    def resolve(self) -> Desired:
        """Check everything and choose what is left open.

        Raises:
            LabFileError: every problem of the lab, with the file and line of the call.
        """
        if self._desired is None:
            self._desired = resolve(self._document)
        return self._desired

    def _tree(self) -> dict[str, Tree]:
        tree = self._document.tree
        return tree if isinstance(tree, dict) else {}

    def _section(self, key: str) -> dict[str, Tree]:
        section = self._tree().get(key)
        if not isinstance(section, dict):
            section = self._tree()[key] = {}
        return section

    def _add(self, key: str, name: str, said: dict[str, Tree]) -> Place:
        """Add an object to a section by its name, once."""
        section = self._section(key)
        path = (key, name)
        if name not in section:
            section[name] = said
            return self._mark(*path)
        first = self._document.place(path).line
        place = self._mark()
        message = f"{quote(name)} is given twice, first in line {first}"
        self._document.refuse(path, message, place=place)
        return place

    def _mark(self, *path: str | int) -> Place:
        """Note that the caller's line wrote a path, if any; all that was chosen is void."""
        frame = _getframe(2)
        while frame.f_code.co_filename == __file__ and frame.f_back:
            frame = frame.f_back
        document = self._document
        document.last += 1
        name = frame.f_code.co_filename.rpartition("/")[2]
        place = Place(document.last, name, frame.f_lineno)
        if path:
            document.places[path] = place
        self._desired = None
        return place


def _name(value: BridgeRef | NodeRef | str) -> str:
    return value if isinstance(value, str) else value.name


def _said(**values: object) -> dict[str, Tree]:
    """Make the mapping of what was said at all, as the file would have it."""
    return {key: _plain(value) for key, value in values.items() if value is not None}


def _plain(value: object) -> Tree:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return str(value)


def _endpoint(value: NodeRef | End | str) -> Tree:
    """Make an endpoint in its shortest form."""
    if not isinstance(value, End):
        return _name(value)
    said = _said(addresses=value.addresses, mac=value.mac, mtu=value.mtu)
    if not said:
        return value.node if value.ifname is None else f"{value.node}:{value.ifname}"
    return {"node": value.node, **_said(ifname=value.ifname), **said}
