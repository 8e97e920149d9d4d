"""What a file says, read and checked part by part, before anything is chosen.

Each draft keeps the path at which it was written: what is found wrong later is noted there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from nslab.lab.address import Subnet
    from nslab.lab.document import Path
    from nslab.lab.model import Address, Expectation, Interface, Network, Publish


class GivenAddress(Struct, eq=False):
    """An address given by hand; without a prefix length it takes its subnet's."""

    path: Path
    text: str
    address: Address
    prefix: int | None


class EndDraft(Struct, eq=False):
    """An endpoint; `given` is None where addresses are to be chosen."""

    path: Path
    node: str
    ifname: str = ""
    mac: str = ""
    mtu: int | None = None
    given: list[GivenAddress] | None = None
    addresses: list[Interface] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.node}:{self.ifname}"


class HostDraft(Struct, frozen=True):
    """A link of the machine that joins a segment, and whether it is a bridge there."""

    link: str
    bridge: bool


class Segment(Struct, eq=False):
    """A bridge (which has a name), a cable, or a node's own way out (`of`), with its endpoints.

    `gateway` is the end of a way out in the netns `outside`, one of the `ends`. `unsure` is a
    segment whose subnets were refused: what follows from that is not noted.
    """

    path: Path
    name: str = ""
    mac: str = ""
    mtu: int | None = None
    unsure: bool = False
    subnets: list[Subnet] = field(default_factory=list)
    ends: list[EndDraft] = field(default_factory=list)
    of: str = ""
    gateway: EndDraft | None = None
    masquerade: bool = True
    host: HostDraft | None = None


class RouteDraft(Struct, eq=False):
    """A route; `dst` is None for the default route, whose family `via` tells."""

    path: Path
    dst: Network | None
    via: Address | None
    dev: str | None
    metric: int | None


class NodeDraft(Struct, eq=False):
    """A node, at the path where the file first names it; `fault` is what is wrong with its name."""

    path: Path
    name: str
    fault: str = ""
    forward: bool = False
    routes: list[RouteDraft] = field(default_factory=list)
    sysctl: list[tuple[str, str]] = field(default_factory=list)
    publish: list[Publish] = field(default_factory=list)


class LabDraft(Struct, eq=False):
    """A whole file.

    Attributes:
        segments: bridges and cables in the order of the file.
        nodes: by name, in the order of their first mention.
        published: every published port with its node, by port of the outside and protocol.
        unsure: nodes with an endpoint that was refused; what follows from it is not noted.
        expect: who must reach whom.
    """

    name: str = ""
    segments: list[Segment] = field(default_factory=list)
    nodes: dict[str, NodeDraft] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    published: dict[tuple[int, str], list[tuple[Publish, str]]] = field(default_factory=dict)
    expect: list[Expectation] = field(default_factory=list)
