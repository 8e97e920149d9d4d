"""Which tables nftables has in the caller's netns, asked of the kernel: no program is started."""

from __future__ import annotations

from nslab.errors import KernelError
from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.netlink.message import Request
from nslab.netlink.netfilter.conntrack import NETLINK_NETFILTER
from nslab.netlink.netfilter.nftables import NFT_MSG, Table


def table_names() -> list[str]:
    """Name the tables of every family; none where this kernel has no nftables.

    Raises:
        KernelError: this process may not open a socket.
    """
    with Transport(open_socket(NETLINK_NETFILTER)) as transport:
        try:
            found = transport.dump(Request(NFT_MSG.GETTABLE, Table()), Table)
        except KernelError:
            return []
    return [table.name or "" for table in found]
