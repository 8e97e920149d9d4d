"""`bridge vlan show` and `bridge vlan tunnelshow`."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.bridge.numbers import lenient
from nslab.ip.words import Elsewhere, duplicate
from nslab.netlink.message import Request
from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO, BridgeSpec
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import RTEXT_FILTER, Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.ip.words import Words

    Draw = Callable[[Output], None]

_MARGIN = " " * 18
_FLAGS = {BRIDGE_VLAN_INFO.PVID: "PVID", BRIDGE_VLAN_INFO.UNTAGGED: "Egress Untagged"}


class _Choice:
    """Which VLANs are asked for; None and 0 where nothing was said."""

    def __init__(self, words: Words) -> None:
        """Read it; words that are not known are passed over, as ever."""
        self.link: str | None = None
        self.vid = 0
        while words:
            word = words.take()
            if word == "dev":
                self.link = _once("dev", words.take(), self.link)
            elif word == "vid":
                self.vid = lenient(_once("vid", words.take(), self.vid), 32)

    def takes(self, first: int, last: int) -> bool:
        """Say whether a range of VLANs is asked for."""
        return not self.vid or first <= self.vid <= last


def show(program: Program, words: Words) -> None:
    """Print the VLANs of all ports, or of one.

    Raises:
        IpError: a word is wrong, or there is no such link.
        Elsewhere: options or counters of the VLANs are asked for.
    """
    if program.options.details:
        raise Elsewhere
    _show(program, words, ("vlan-id  ", "vlans"), _vlans)


def show_tunnels(program: Program, words: Words) -> None:
    """Print what the VLANs of all ports, or of one, map to.

    Raises:
        IpError: a word is wrong, or there is no such link.
        Elsewhere: counters are asked for.
    """
    _show(program, words, ("vlan-id    tunnel-id", "tunnels"), _tunnels)


def _show(
    program: Program,
    words: Words,
    names: tuple[str, str],
    find: Callable[[BridgeSpec, _Choice], Iterator[Draw]],
) -> None:
    """Print what `find` gives of each port, under a heading and, in JSON, a key."""
    if program.options.statistics:
        raise Elsewhere
    choice = _Choice(words)
    index = _index_of(program, choice.link)
    compressed = program.options.compress_vlans
    mask = RTEXT_FILTER.BRVLAN_COMPRESSED if compressed else RTEXT_FILTER.BRVLAN
    query = Link(family=AF.BRIDGE, ext_mask=mask)
    program.out.begin()
    program.out.text(f"{'port':<16}  {names[0]}\n")
    for link in program.dump(Request(RTM.GETLINK, query), Link):
        if index in (0, link.index) and isinstance(link.af_spec, BridgeSpec):
            name = program.links.name(link.index)
            _show_port(program.out, (name, names[1]), find(link.af_spec, choice))
    program.out.end()


def _index_of(program: Program, name: str | None) -> int:
    index = 0 if name is None else program.links.find(name)
    if name is not None and not index:
        raise IpError(f'Cannot find device "{name}"')
    return index


def _show_port(out: Output, names: tuple[str, str], entries: Iterable[Draw]) -> None:
    """Print a port, if it has any; its name stands before the first."""
    margin = f"{names[0]:<16}  "
    for draw in entries:
        if margin != _MARGIN:
            out.open()
            out.put("ifname", "%-16s  ", names[0], "ifname")
            out.open_array(names[1])
            margin = _MARGIN
        else:
            out.text(_MARGIN)
        out.open()
        draw(out)
        out.newline()
        out.close()
    if margin == _MARGIN:
        out.close_array()
        out.close()


def _vlans(spec: BridgeSpec, choice: _Choice) -> Iterator[Draw]:
    first = 0
    for flags, vid in spec.vlan_info:
        if flags & BRIDGE_VLAN_INFO.RANGE_BEGIN:
            first = vid
            continue
        begin = first if flags & BRIDGE_VLAN_INFO.RANGE_END else vid
        if choice.takes(begin, vid):
            yield _vlan(begin, vid, flags)


def _vlan(first: int, last: int, flags: int) -> Draw:
    return lambda out: _show_vlan(out, first, last, flags)


def _show_vlan(out: Output, first: int, last: int, flags: int) -> None:
    _show_range(out, "vlan", first, last)
    if not flags:
        return
    out.open_array("flags")  # of a range, too, whose end alone is a flag
    for flag, word in _FLAGS.items():
        if flags & flag:
            out.put(None, " %s", word)
    out.close_array()


def _tunnels(spec: BridgeSpec, choice: _Choice) -> Iterator[Draw]:
    begin = (0, 0)
    for tunnel in spec.tunnel_info:
        flags, end = tunnel.flags or 0, (tunnel.vid or 0, tunnel.id or 0)
        if flags & BRIDGE_VLAN_INFO.RANGE_BEGIN:
            begin = end
            continue
        begin = begin if flags & BRIDGE_VLAN_INFO.RANGE_END else end
        if choice.takes(begin[0], end[0]):
            yield _tunnel(begin, end)


def _tunnel(begin: tuple[int, int], end: tuple[int, int]) -> Draw:
    return lambda out: _show_tunnel(out, begin, end)


def _show_tunnel(out: Output, begin: tuple[int, int], end: tuple[int, int]) -> None:
    _show_range(out, "vlan", begin[0], end[0], width=9)
    out.text("  ")
    _show_range(out, "tunid", begin[1], end[1])


def _show_range(out: Output, key: str, first: int, last: int, width: int = 0) -> None:
    out.text((str(first) if first == last else f"{first}-{last}").ljust(width))
    out.json(key, first)
    if first != last:
        out.json(f"{key}End", last)


def _once(key: str, word: str, before: str | int | None) -> str:
    """Refuse a second value."""
    if before:
        raise duplicate(key, word)
    return word
