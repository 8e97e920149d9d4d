"""VLANs over a link."""

from __future__ import annotations

from nslab.ip.link.kinds.ethertype import name_of, read_ethertype
from nslab.ip.link.kinds.reading import Reading, number, switch
from nslab.ip.words import unsigned, wrong
from nslab.netlink.rtnl.kinds.vlan import VlanInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option
    from nslab.ip.program import Program
    from nslab.ip.words import Words

USAGE = """\
Usage: ... vlan id VLANID
\t\t[ protocol VLANPROTO ]
\t\t[ reorder_hdr { on | off } ]
\t\t[ gvrp { on | off } ]
\t\t[ mvrp { on | off } ]
\t\t[ loose_binding { on | off } ]
\t\t[ bridge_binding { on | off } ]
\t\t[ ingress-qos-map QOS-MAP ]
\t\t[ egress-qos-map QOS-MAP ]

VLANID := 0-4095
VLANPROTO: [ 802.1Q | 802.1ad ]
QOS-MAP := [ QOS-MAP ] QOS-MAPPING
QOS-MAPPING := FROM:TO"""

FLAGS = {
    "REORDER_HDR": 0x1,
    "GVRP": 0x2,
    "MVRP": 0x8,
    "LOOSE_BINDING": 0x4,
    "BRIDGE_BINDING": 0x10,
}
"""A VLAN's flags (linux/if_vlan.h) in the order in which they are printed."""


def _protocol(reading: Reading, words: Words) -> None:
    word = words.take()
    protocol = read_ethertype(word)
    if protocol is None:
        raise wrong(word, "protocol is invalid")
    reading.values["protocol"] = protocol


def _flag(name: str) -> Option:
    bit = FLAGS[name.upper()]

    def read(reading: Reading, words: Words) -> None:
        flags, mask = reading.values.get("flags", (0, 0))
        flags = flags | bit if switch(name, words) else flags & ~bit
        reading.values["flags"] = (flags, mask | bit)

    return read


def _mappings(member: str, name: str) -> Option:
    """Make the option that takes as many FROM:TO as follow."""

    def read(reading: Reading, words: Words) -> None:
        words.take()
        words.put_back()
        found = []
        while ":" in (words.peek() or ""):
            first, _, second = words.take().partition(":")
            pair = unsigned(first, 32), unsigned(second, 32)
            if pair[0] is None or pair[1] is None:
                raise wrong(first, f"invalid {name}")
            found.append(pair)
        reading.values[member] = tuple(found)

    return read


OPTIONS: dict[str, Option] = {
    "[protocol]": _protocol,
    "[id]": number("id", 16, "id is invalid"),
    "[reorder_hdr]": _flag("reorder_hdr"),
    "[gvrp]": _flag("gvrp"),
    "[mvrp]": _flag("mvrp"),
    "[loose_binding]": _flag("loose_binding"),
    "[bridge_binding]": _flag("bridge_binding"),
    "[ingress-qos-map]": _mappings("ingress_qos", "ingress-qos-map"),
    "[egress-qos-map]": _mappings("egress_qos", "egress-qos-map"),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> VlanInfo:
    """Read a VLAN's options."""
    reading = Reading(program, kind, creating=creating)
    return VlanInfo(**reading.read(words, OPTIONS, USAGE, "command"))


def show(program: Program, data: VlanInfo) -> None:
    """Print a VLAN's details; a VLAN without its number is none."""
    if data.id is None:
        return
    out = program.out
    protocol = "802.1q" if data.protocol is None else name_of(data.protocol)
    out.put("protocol", "protocol %s ", protocol)
    out.put("id", "id %d ", data.id)
    if data.flags is not None:
        _show_flags(program, data.flags[0])
    for key, pairs in (("ingress_qos", data.ingress_qos), ("egress_qos", data.egress_qos)):
        if pairs is not None:
            _show_mappings(program, key, pairs)


def _show_flags(program: Program, flags: int) -> None:
    out = program.out
    names = [name for name, bit in FLAGS.items() if flags & bit]
    rest = flags & ~sum(FLAGS.values())
    if rest:
        names.append(f"{rest:x}")
    out.open_array("flags", "<")
    for name in names:
        out.json(None, name)
    out.text(",".join(names))
    out.close_array("> ")


def _show_mappings(program: Program, key: str, pairs: tuple[tuple[int, ...], ...]) -> None:
    out = program.out
    out.newline()
    out.open_array(key, f"      {key.replace('_', '-')}-map {{ ")
    for first, second in pairs:
        out.open()
        out.put("from", "%d:", first)
        out.put("to", "%d ", second)
        out.close()
    out.close_array("} ")
