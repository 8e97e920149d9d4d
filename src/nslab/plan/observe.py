"""What the kernel has now, in the same values as what the file asks for.

One pass over the lab's namespaces: three dumps and two questions each, no file read. The holder
hears of changes of all of it (kernel/listening.py) but of the sysctls, forwarding aside.
"""

from __future__ import annotations

import errno
from functools import lru_cache
from ipaddress import IPv4Interface, IPv6Interface
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from nslab.errors import KernelError
from nslab.kernel import libc
from nslab.kernel.sandbox import HOST, OUTSIDE, Handle, Sandbox
from nslab.lab.address import is_link_local
from nslab.lab.names import FORWARD, STANDING
from nslab.netlink.message import Request
from nslab.netlink.rtnl import address as rtnl_address
from nslab.netlink.rtnl.address import IFA_F
from nslab.netlink.rtnl.af_spec import DEVCONF, AfSpec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import IFF, RTEXT_FILTER, Link
from nslab.netlink.rtnl.netconf import NETCONFA_IFINDEX_ALL, Netconf
from nslab.plan.lower import lower
from nslab.plan.peers import join_peers, name_links_below, pairs_of, trust_peers
from nslab.plan.routes import read_routes
from nslab.plan.segment import named_links
from nslab.plan.state import (
    PLAIN,
    LinkState,
    NetnsState,
    Settings,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.kernel.transport import Transport
    from nslab.lab.model import Desired, Interface
    from nslab.plan.state import End

_AHEAD = 64
LINKS = Request(RTM.GETLINK, Link(ext_mask=RTEXT_FILTER.SKIP_STATS))
_ADDRESSES = Request(RTM.GETADDR, rtnl_address.Address())
_FORWARDING = {
    key: Request(RTM.GETNETCONF, Netconf(family=family, ifindex=NETCONFA_IFINDEX_ALL))
    for family, key in zip((AF.INET, AF.INET6), FORWARD, strict=True)
}
"""What is asked in every netns."""

_NO = NetnsState()
_UNREADABLE = (errno.ENOENT, errno.EACCES, errno.EIO)  # EIO: a secret that nobody has set
_UNSURE = IFA_F.TEMPORARY | IFA_F.TENTATIVE | IFA_F.DADFAILED
_ByIndex: TypeAlias = "dict[int, list[Interface]]"


def observe(sandbox: Sandbox, labs: Sequence[Desired] = (), beyond: State | None = None) -> State:
    """Read the lab's namespaces.

    Args:
        sandbox: the running lab.
        labs: what the lab is thought to be: tells the sysctls to read and the likely peers.
        beyond: what else is thought to be there, in `outside` and in the machine's netns.

    Raises:
        KernelError: the kernel refused to tell.
        LabNotRunningError: the lab ended meanwhile.
    """
    raw, observed = _read(sandbox, _names(sandbox, labs, beyond or {}))
    states = [*(lower(lab, observed, spare=True) for lab in labs), beyond or {}]
    if HOST in observed:
        _leave_ours(
            raw, observed, {link for state in states for link in state.get(HOST, _NO).links}
        )
    likely = pairs_of(states)
    join_peers(sandbox, raw, observed, likely)
    name_links_below(sandbox, raw, observed, likely)
    _take_sysctls(sandbox, observed, states)
    return observed


def observe_some(sandbox: Sandbox, names: Sequence[str], states: Sequence[State]) -> State:
    """Read some of a lab's namespaces; the others are known to be as they are thought to be.

    Args:
        sandbox: the running lab.
        names: of the namespaces to read. Where several cables lead from one to another netns,
            both are among them.
        states: what the whole lab is thought to be.

    Raises:
        KernelError: the kernel refused to tell.
        LabNotRunningError: the lab ended meanwhile.
    """
    raw, observed = _read(sandbox, names)
    likely = pairs_of(states)
    trust_peers(sandbox, raw, observed, likely)
    join_peers(sandbox, raw, observed, likely)
    _take_sysctls(sandbox, observed, states)
    return observed


def read_ports(sandbox: Sandbox, names: Sequence[str]) -> State:
    """Read the names of the links in some namespaces, and nothing else."""
    found: State = {}
    for start in range(0, len(names), _AHEAD):
        sandbox.open(names[start : start + _AHEAD])
        for name in names[start : start + _AHEAD]:
            links = sandbox.handle(name).transport.dump(LINKS, Link)
            found[name] = named_links(link.ifname or "" for link in links)
    return found


def read_addresses(sandbox: Sandbox, names: Sequence[str]) -> dict[End, tuple[Interface, ...]]:
    """Read all addresses of the links in some namespaces, and nothing else."""
    found: dict[End, tuple[Interface, ...]] = {}
    for start in range(0, len(names), _AHEAD):
        sandbox.open(names[start : start + _AHEAD])
        for name in names[start : start + _AHEAD]:
            transport = sandbox.handle(name).transport
            lasting, dynamic = _addresses(transport)
            for link in transport.dump(LINKS, Link):
                held = (*lasting.get(link.index, ()), *dynamic.get(link.index, ()))
                found[name, link.ifname or ""] = held
    return found


def _read(sandbox: Sandbox, names: Sequence[str]) -> tuple[dict[str, list[Link]], State]:
    raw: dict[str, list[Link]] = {}
    observed: State = {}
    for start in range(0, len(names), _AHEAD):
        sandbox.open(names[start : start + _AHEAD])
        for name in names[start : start + _AHEAD]:
            raw[name], observed[name] = _netns(sandbox.handle(name))
    return raw, observed


def _names(sandbox: Sandbox, labs: Sequence[Desired], beyond: State) -> list[str]:
    """Name the namespaces to read: `outside` and the machine's only where they matter."""
    led_out = OUTSIDE in beyond or any(lab.uplinks() for lab in labs)
    joined = HOST in beyond or any(bridge.host for lab in labs for bridge in lab.bridges)
    names = [name for name in sandbox.names() if name != OUTSIDE or led_out]
    return [*names, HOST] if joined else names


def _leave_ours(raw: dict[str, list[Link]], observed: State, ours: set[str]) -> None:
    """Of the machine's netns, leave what could be the lab's: the rest is none of our business.

    Link-local addresses are the machine's own doing.
    """
    raw[HOST] = [link for link in raw[HOST] if link.ifname in ours]
    state = observed[HOST]
    links = {
        ifname: replace(link, addresses=tuple(a for a in link.addresses if not is_link_local(a.ip)))
        for ifname, link in state.links.items()
        if ifname in ours
    }
    routes = [route for route in state.routes if route.ifname in ours]
    known = {ifname: link.ifindex for ifname, link in state.links.items()}
    observed[HOST] = NetnsState(links, routes, known=known)


def read_standing(sandbox: Sandbox) -> dict[str, int]:
    """Give the ifindexes of the links that the kernel has put into the netns `outside`."""
    return _standing(sandbox.handle(OUTSIDE).transport.dump(Request(RTM.GETLINK, Link()), Link))


def _standing(links: Iterable[Link]) -> dict[str, int]:
    return {link.ifname: link.index for link in links if link.ifname in STANDING}


def read_sysctls(sandbox: Sandbox, name: str, keys: Iterable[str]) -> dict[str, str]:
    """Read sysctls of one netns; those that are not there, or cannot be read, are left out.

    Raises:
        KernelError: the kernel could not tell.
    """
    found: dict[str, str] = {}
    wanted = list(keys)
    for key, said in zip(wanted, sandbox.sysctl(name, wanted), strict=True):
        if isinstance(said, str):
            found[key] = said.replace("\t", " ")  # between numbers: as a file has it
        elif said.errno not in _UNREADABLE:
            raise libc.of_oserror(f"sysctl {key} in {name}", said)
    return found


def _take_sysctls(sandbox: Sandbox, observed: State, states: Iterable[State]) -> None:
    for name, keys in further_sysctls(states).items():
        if name in observed:
            observed[name].sysctl.update(read_sysctls(sandbox, name, keys))


def further_sysctls(states: Iterable[State]) -> dict[str, list[str]]:
    """Give the keys to read by netns, beside those that netlink tells."""
    found: dict[str, dict[str, None]] = {}
    for state in states:
        for name, netns in state.items():
            keys = [key for key in netns.sysctl if key not in FORWARD]
            if keys:
                found.setdefault(name, {}).update(dict.fromkeys(keys))
    return {name: list(keys) for name, keys in found.items()}


def _netns(handle: Handle) -> tuple[list[Link], NetnsState]:
    transport = handle.transport
    links = transport.dump(LINKS, Link)
    lasting, dynamic = _addresses(transport)
    names = {link.index: link.ifname or "" for link in links}
    state = NetnsState(known=_standing(links))
    links = [link for link in links if link.ifname not in state.known]
    for link in links:
        found = lasting.get(link.index, ()), dynamic.get(link.index, ())
        state.links[link.ifname or ""] = _link(link, names, *found)
    state.routes = read_routes(transport, names)
    for key, request in _FORWARDING.items():
        forwarding = _forwarding(transport, request)
        if forwarding is not None:
            state.sysctl[key] = forwarding
    return links, state


def _forwarding(transport: Transport, request: Request) -> str | None:
    """Tell whether all links forward, as the sysctl says it; None on a kernel without IPv6."""
    try:
        answer = transport.get(request, Netconf)
    except KernelError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EAFNOSUPPORT):
            raise
        return None
    return str(answer.forwarding or 0)


def _link(
    link: Link,
    names: dict[int, str],
    addresses: Sequence[Interface],
    dynamic: Sequence[Interface],
) -> LinkState:
    kind = link.linkinfo.kind if link.linkinfo and link.linkinfo.kind else ""
    same_netns = link.link is not None and link.link_netnsid is None
    return LinkState(
        ifname=link.ifname or "",
        kind="loopback" if link.flags & IFF.LOOPBACK else kind,
        ifindex=link.index,
        mac="" if link.flags & IFF.LOOPBACK else (link.address or b"").hex(":"),
        mtu=link.mtu,
        up=bool(link.flags & IFF.UP),
        carrier=bool(link.carrier),
        master=names.get(link.master) if link.master else None,
        peer=("", names.get(link.link or 0, "")) if same_netns else None,
        addresses=tuple(addresses),
        dynamic=tuple(dynamic),
        alias=link.ifalias or "",
        ipv6=any(address.version == 6 for address in addresses) or _speaks_ipv6(link),
        settings=_settings(link) if kind == "bridge" else (),
    )


def _settings(link: Link) -> Settings:
    """Give a bridge's settings; what a kernel does not have is off."""
    data = link.linkinfo and link.linkinfo.data
    return tuple((name, getattr(data, name, None) or 0) for name, _ in PLAIN)


def _speaks_ipv6(link: Link) -> bool:
    """Tell whether the kernel lets a link that has no IPv6 address have one."""
    if link.master or not isinstance(link.af_spec, AfSpec) or link.af_spec.inet6 is None:
        return False  # a port's own address is of no use to anybody
    conf = link.af_spec.inet6.conf
    return not (conf and conf[DEVCONF.DISABLE_IPV6])


def _addresses(transport: Transport) -> tuple[_ByIndex, _ByIndex]:
    """Give the addresses of links by ifindex: those that last, and those for a time.

    Of the latter those are left out that nobody can count on: IPv6's temporary ones, which nobody
    else knows, and those that others may have.
    """
    lasting: _ByIndex = {}
    dynamic: _ByIndex = {}
    for message in transport.dump(_ADDRESSES, rtnl_address.Address):
        packed = message.local or message.address
        if packed is None:
            continue
        flags = message.flags if message.flags is not None else message.flags8
        if flags & IFA_F.PERMANENT:
            kept = lasting
        elif message.family == AF.INET6 and flags & _UNSURE:
            continue
        else:
            kept = dynamic
        kept.setdefault(message.index, []).append(_interface(packed, message.prefixlen))
    return lasting, dynamic


@lru_cache(1 << 16)
def _interface(packed: bytes, prefixlen: int) -> Interface:
    kind = IPv4Interface if len(packed) == 4 else IPv6Interface
    return kind((packed, prefixlen))
