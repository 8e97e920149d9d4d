"""WireGuard devices: keys, peers, what each may send (linux/wireguard.h).

The link itself is made and removed like any other, with `kind="wireguard"`.
"""

from __future__ import annotations

from nslab.netlink.attrs import (
    BYTES,
    NLA_F_NESTED,
    STRING,
    U8,
    U16,
    U32,
    U64,
    Message,
    attr,
    body,
    fixed,
    numbers,
    repeated,
)

WG_GENL_NAME = "wireguard"
WG_KEY_LEN = 32


class WG_CMD:  # noqa: N801 - the kernel's own name
    """Commands; GET_DEVICE is a dump, whose parts may share out one device's peers."""

    GET_DEVICE = 0
    SET_DEVICE = 1


class WGDEVICE_F:  # noqa: N801 - the kernel's own name
    """Flags of a device in a request."""

    REPLACE_PEERS = 1


class WGDEVICE_A:  # noqa: N801 - the kernel's own name
    """Attribute types."""

    IFINDEX = 1
    IFNAME = 2
    PRIVATE_KEY = 3
    PUBLIC_KEY = 4
    FLAGS = 5
    LISTEN_PORT = 6
    FWMARK = 7
    PEERS = 8


class WGPEER_F:  # noqa: N801 - the kernel's own name
    """Flags of a peer in a request."""

    REMOVE_ME = 1
    REPLACE_ALLOWEDIPS = 2
    UPDATE_ONLY = 4


class WGPEER_A:  # noqa: N801 - the kernel's own name
    """Attribute types of a peer."""

    UNSPEC = 0
    PUBLIC_KEY = 1
    PRESHARED_KEY = 2
    FLAGS = 3
    ENDPOINT = 4
    PERSISTENT_KEEPALIVE_INTERVAL = 5
    LAST_HANDSHAKE_TIME = 6
    RX_BYTES = 7
    TX_BYTES = 8
    ALLOWEDIPS = 9
    PROTOCOL_VERSION = 10


class WGALLOWEDIP_A:  # noqa: N801 - the kernel's own name
    """Attribute types of an allowed prefix."""

    FAMILY = 1
    IPADDR = 2
    CIDR_MASK = 3
    FLAGS = 4


_ITEM = 0 | NLA_F_NESTED  # lists number nothing


class WgAllowedIp(Message):
    """A prefix that a peer may send from, and that is sent to it."""

    family: int | None = attr(WGALLOWEDIP_A.FAMILY, U16)
    ipaddr: bytes | None = attr(WGALLOWEDIP_A.IPADDR, BYTES)
    cidr_mask: int | None = attr(WGALLOWEDIP_A.CIDR_MASK, U8)
    flags: int | None = attr(WGALLOWEDIP_A.FLAGS, U32)


class WgPeer(Message, pad=WGPEER_A.UNSPEC):
    """A peer. Keys are 32 bytes; `endpoint` is a struct sockaddr_in or sockaddr_in6.

    `persistent_keepalive_interval` is in seconds, 0 for never; `last_handshake_time` is (seconds,
    nanoseconds) since 1970, zeros for never.
    """

    public_key: bytes | None = attr(WGPEER_A.PUBLIC_KEY, BYTES)
    preshared_key: bytes | None = attr(WGPEER_A.PRESHARED_KEY, BYTES)
    flags: int | None = attr(WGPEER_A.FLAGS, U32)
    endpoint: bytes | None = attr(WGPEER_A.ENDPOINT, BYTES)
    persistent_keepalive_interval: int | None = attr(WGPEER_A.PERSISTENT_KEEPALIVE_INTERVAL, U16)
    last_handshake_time: tuple[int, ...] | None = attr(WGPEER_A.LAST_HANDSHAKE_TIME, numbers("=qq"))
    rx_bytes: int | None = attr(WGPEER_A.RX_BYTES, U64)
    tx_bytes: int | None = attr(WGPEER_A.TX_BYTES, U64)
    allowedips: tuple[WgAllowedIp, ...] | None = attr(
        WGPEER_A.ALLOWEDIPS | NLA_F_NESTED, repeated(_ITEM, body(WgAllowedIp))
    )
    protocol_version: int | None = attr(WGPEER_A.PROTOCOL_VERSION, U32)


class WgDevice(Message, header="BB2x"):
    """A device, found by `ifindex` or `ifname`. `fwmark` 0 is none, `listen_port` 0 any."""

    cmd: int = fixed()
    version: int = fixed(1)
    ifindex: int | None = attr(WGDEVICE_A.IFINDEX, U32)
    ifname: str | None = attr(WGDEVICE_A.IFNAME, STRING)
    private_key: bytes | None = attr(WGDEVICE_A.PRIVATE_KEY, BYTES)
    public_key: bytes | None = attr(WGDEVICE_A.PUBLIC_KEY, BYTES)
    flags: int | None = attr(WGDEVICE_A.FLAGS, U32)
    listen_port: int | None = attr(WGDEVICE_A.LISTEN_PORT, U16)
    fwmark: int | None = attr(WGDEVICE_A.FWMARK, U32)
    peers: tuple[WgPeer, ...] | None = attr(
        WGDEVICE_A.PEERS | NLA_F_NESTED, repeated(_ITEM, body(WgPeer))
    )
