"""Names and ifindexes of the links in the netns that the program is in."""

from __future__ import annotations

from _socket import if_indextoname, if_nametoindex

from nslab.errors import KernelError
from nslab.ip.words import integer, no_device, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program

_LONGEST = 15  # longer ones are altnames, which only netlink finds
_SKIP_STATS = 8  # RTEXT_FILTER_SKIP_STATS


class Links:
    """Answers by asking the kernel; names that were asked for are kept until `forget`."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._names: dict[int, str] = {}
        self._flags: dict[int, int] = {}
        self._netns: dict[int, str] | None = None

    def index(self, name: str) -> int:
        """Give the ifindex of a link, by its name or an altname.

        Raises:
            IpError: there is no such link.
        """
        found = self.find(name)
        if not found:
            raise no_device(name)
        return found

    def find(self, name: str) -> int:
        """Give the ifindex of a link, 0 if there is none; `if7` is 7 whether it is there or not."""
        try:
            if len(name) <= _LONGEST:
                return if_nametoindex(name)
            return self._by_altname(name)
        except (OSError, KernelError, ValueError):
            number = integer(name[2:], 1, 0x7FFFFFFF) if name.startswith("if") else None
            return number or 0

    def name(self, index: int) -> str:
        """Give the name of a link: `*` for 0, `if7` for one that is not there."""
        if index == 0:
            return "*"
        known = self._names.get(index)
        if known is None:
            known = self._names[index] = _name_of(index)
        return known

    def flags(self, index: int) -> int:
        """Give the flags (IFF) of a link, all of them set for one that is not there."""
        known = self._flags.get(index)
        if known is None:
            known = self._flags[index] = self._ask_flags(index)
        return known

    def netns_name(self, nsid: int) -> str | None:
        """Give the name of the netns that has this number here, None if it has none."""
        if self._netns is None:
            from nslab.ip.netns.numbers import names_by_nsid

            self._netns = names_by_nsid(self._program)
        return self._netns.get(nsid)

    def remember(self, index: int, name: str, flags: int | None = None) -> None:
        """Keep a name, and perhaps flags, that were seen in an answer."""
        self._names[index] = name
        if flags is not None:
            self._flags[index] = flags

    def forget(self) -> None:
        """Ask anew for everything."""
        self._names.clear()
        self._flags.clear()
        self._netns = None

    def _ask_flags(self, index: int) -> int:
        from nslab.netlink.message import Request
        from nslab.netlink.rtnl.constants import RTM
        from nslab.netlink.rtnl.link import Link

        request = Request(RTM.GETLINK, Link(index=index, ext_mask=_SKIP_STATS))
        try:
            return self._program.transport.get(request, Link).flags
        except KernelError:
            return -1

    def _by_altname(self, name: str) -> int:
        from nslab.netlink.message import Request
        from nslab.netlink.rtnl.constants import RTM
        from nslab.netlink.rtnl.link import Link

        return self._program.transport.get(Request(RTM.GETLINK, Link(altname=name)), Link).index


def _name_of(index: int) -> str:
    try:
        return if_indextoname(index)
    except OSError:
        return f"if{index}"


def check_name(name: str, key: str) -> str:
    """Refuse what cannot be a link's name; `key` is the word before it. Gives the name.

    Raises:
        IpError: it is empty, longer than 15 bytes, or holds a slash or a blank.
    """
    raw = name.encode("utf-8", "surrogateescape")
    if not raw or len(raw) > _LONGEST or "/" in name or any(c in name for c in " \t\n\v\f\r"):
        raise wrong(name, f'"{key}" not a valid ifname')
    return name
