"""How VLANs are listed: a port's name stands before its first."""

from __future__ import annotations

from nslab.netlink.rtnl.bridge_spec import BRIDGE_VLAN_INFO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.ip.program import Program

HEADING = f"{'port':<16}  vlan-id"
MARGIN = " " * 18
DEEPER = " " * 20

_FLAGS = {BRIDGE_VLAN_INFO.PVID: "PVID", BRIDGE_VLAN_INFO.UNTAGGED: "Egress Untagged"}


class Ports:
    """Prints the entries of one port after the other."""

    def __init__(self, program: Program, key: str = "vlans") -> None:
        """Begin; `key` is what JSON calls the entries of a port."""
        self._program = program
        self._key = key
        self._index = 0

    def open(self, index: int) -> None:
        """Begin an entry of a port."""
        out = self._program.out
        if index == self._index:
            out.text(MARGIN)
        else:
            self.finish()
            self._index = index
            out.open()
            out.put("ifname", "%-16s  ", self._program.links.name(index), "ifname")
            out.open_array(self._key)
        out.open()

    def finish(self) -> None:
        """End the port whose entry was the last, if there was one."""
        if self._index:
            self._program.out.close_array()
            self._program.out.close()
            self._index = 0


def show_range(out: Output, key: str, first: int, last: int, width: int = 0) -> None:
    """Print a number, or from which one to which."""
    out.text((str(first) if first == last else f"{first}-{last}").ljust(width))
    out.json(key, first)
    if first != last:
        out.json(f"{key}End", last)


def show_flags(out: Output, flags: int) -> None:
    """Print what a VLAN is on a port."""
    if not flags:
        return
    out.open_array("flags")  # of a range, too, whose end alone is a flag
    for flag, word in _FLAGS.items():
        if flags & flag:
            out.put(None, " %s", word)
    out.close_array()


def show_counters(out: Output, rx: tuple[int, int], tx: tuple[int, int]) -> None:
    """Print the bytes and packets of a VLAN."""
    for name, (size, packets) in (("rx", rx), ("tx", tx)):
        out.text(DEEPER)
        out.put(f"{name}_bytes", f"{name.upper()}: %u bytes", size)
        out.put(f"{name}_packets", " %u packets\n", packets)
