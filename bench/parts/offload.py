"""Switch a link's generic receive offload (GRO), as `ethtool -K LINK gro on`.

Usage: python3 -m parts.offload LINK on|off
"""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import sys

SIOCETHTOOL = 0x8946
ETHTOOL_SGRO = 0x2C


def set_gro(ifname: str, *, on: bool) -> None:
    """Switch it in the netns of the caller (linux/ethtool.h: struct ethtool_value)."""
    value = array.array("B", struct.pack("II", ETHTOOL_SGRO, on))
    request = struct.pack("16sP", ifname.encode(), value.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCETHTOOL, request)


if __name__ == "__main__":
    set_gro(sys.argv[1], on=sys.argv[2] == "on")
