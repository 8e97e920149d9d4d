"""Ethernet over UDP (VXLAN, RFC 7348): the words."""

from __future__ import annotations

from nslab.errors import IpError
from nslab.ip.complain import complain
from nslab.ip.inet import AF_INET, AF_UNSPEC, read_address
from nslab.ip.link.kinds.reading import Reading, find_link
from nslab.ip.link.kinds.vxlan_show import show
from nslab.ip.words import garbage, unsigned, wrong
from nslab.netlink.rtnl.kinds.vxlan import VxlanInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.link.kinds.reading import Option, Values
    from nslab.ip.program import Program
    from nslab.ip.words import Words

__all__ = ["USAGE", "read", "show"]

USAGE = """\
Usage: ... vxlan id VNI
\t\t[ { group | remote } IP_ADDRESS ]
\t\t[ local ADDR ]
\t\t[ ttl TTL ]
\t\t[ tos TOS ]
\t\t[ df DF ]
\t\t[ flowlabel LABEL ]
\t\t[ dev PHYS_DEV ]
\t\t[ dstport PORT ]
\t\t[ srcport MIN MAX ]
\t\t[ [no]learning ]
\t\t[ [no]proxy ]
\t\t[ [no]rsc ]
\t\t[ [no]l2miss ]
\t\t[ [no]l3miss ]
\t\t[ ageing SECONDS ]
\t\t[ maxaddress NUMBER ]
\t\t[ [no]udpcsum ]
\t\t[ [no]udp6zerocsumtx ]
\t\t[ [no]udp6zerocsumrx ]
\t\t[ [no]remcsumtx ] [ [no]remcsumrx ]
\t\t[ [no]external ] [ gbp ] [ gpe ]
\t\t[ [no]vnifilter ]

Where:\tVNI\t:= 0-16777215
\tADDR\t:= { IP_ADDRESS | any }
\tTOS\t:= { NUMBER | inherit }
\tTTL\t:= { 1..255 | auto | inherit }
\tDF\t:= { unset | set | inherit }
\tLABEL := 0-1048575"""

_UNSPECIFIED = """\
vxlan: destination port not specified
Will use Linux kernel default (non-standard value)
Use 'dstport 4789' to get the IANA assigned value
Use 'dstport 0' to get default and quiet this message"""

_GPE_PORT = 4790
_MOST_ID = (1 << 24) - 1
_MOST_LABEL = (1 << 20) - 1
_DF = ("unset", "set", "inherit")


def _once(reading: Reading, key: str, word: str, shown: str = "") -> str:
    """Refuse what was given already; gives the word."""
    if key in reading.seen:
        raise garbage(shown or key, word)
    reading.seen.add(key)
    return word


def _number(key: str, member: str, most: int, reason: str, special: str = "") -> Option:
    """Make the option that is a number, or a word that means 0."""

    def read(reading: Reading, words: Words) -> None:
        word = _once(reading, key, words.take())
        value = 0 if special and word == special else unsigned(word, 32)
        if value is None or value > most:
            raise wrong(word, reason)
        reading.values[member] = value

    return read


def _switch(member: str, value: int) -> Option:
    """Make the option that is a word for on or for off; only one of the two may be given."""

    def read(reading: Reading, words: Words) -> None:
        words.put_back()
        word = words.take()
        _once(reading, member, word, word)
        reading.values[member] = value

    return read


def _is_multicast(data: bytes) -> bool:
    return data[0] == 0xFF if len(data) == 16 else data[0] >> 4 == 0xE


def _destination(word: str, *, multicast: bool) -> Option:
    """Make the option `group` or `remote`: where frames go to; only one of them may be given."""

    def read(reading: Reading, words: Words) -> None:
        known = reading.values.get("destination")
        if known is not None and _is_multicast(known) != multicast:
            raise IpError("vxlan: both group and remote cannot be specified", 1)
        given = _once(reading, "destination", words.take(), word)
        address = read_address(given, _family(reading, "source"))
        if address.special or _is_multicast(address.data) != multicast:
            raise wrong(given, f"invalid {word} address")
        reading.values["destination"] = address.data

    return read


def _local(reading: Reading, words: Words) -> None:
    word = _once(reading, "local", words.take())
    address = read_address(word, _family(reading, "destination"))
    if address.special or _is_multicast(address.data):
        raise wrong(word, "invalid local address")
    reading.values["source"] = address.data


def _family(reading: Reading, other: str) -> int:
    """Give the family of the other address, which this one must share."""
    data = reading.values.get(other)
    if data is None:
        return AF_UNSPEC
    return AF_INET if len(data) == 4 else 10


def _dev(reading: Reading, words: Words) -> None:
    word = _once(reading, "dev", words.take())
    reading.values["link"] = find_link(reading.program, word, 255)


def _ttl(reading: Reading, words: Words) -> None:
    word = _once(reading, "ttl", words.take())
    if word == "inherit":
        reading.values["ttl_inherit"] = b""
        return
    value = 0 if word == "auto" else unsigned(word, 32)
    if value is None or value > 255:
        raise wrong(word, "invalid TTL" if value is None else "TTL must be <= 255")
    reading.values["ttl"] = value


def _tos(reading: Reading, words: Words) -> None:
    from nslab.ip.link.kinds.dsfield import read_dsfield

    word = _once(reading, "tos", words.take())
    value = 1 if word == "inherit" else read_dsfield(word)
    if value is None:
        raise wrong(word, "bad TOS value")
    reading.values["tos"] = value


def _df(reading: Reading, words: Words) -> None:
    word = _once(reading, "df", words.take())
    if word not in _DF:
        raise wrong(word, "DF must be 'unset', 'set' or 'inherit'")
    reading.values["df"] = _DF.index(word)


def _port_range(reading: Reading, words: Words) -> None:
    low = _once(reading, "srcport", words.take())
    ports = [unsigned(low, 16)]
    if ports[0] is None:
        raise wrong(low, "min port")
    high = words.take()
    ports.append(unsigned(high, 16))
    if ports[1] is None:
        raise wrong(high, "max port")
    if any(ports):
        reading.values["port_range"] = tuple(ports)


OPTIONS: dict[str, Option] = {
    "[id]": _number("id", "id", _MOST_ID, "invalid id"),
    "[vni]": _number("id", "id", _MOST_ID, "invalid id"),
    "[group]": _destination("group", multicast=True),
    "[remote]": _destination("remote", multicast=False),
    "[local]": _local,
    "[dev]": _dev,
    "[ttl]": _ttl,
    "[hoplimit]": _ttl,
    "[tos]": _tos,
    "[dsfield]": _tos,
    "[df]": _df,
    "[label]": _number("flowlabel", "label", _MOST_LABEL, "invalid flowlabel"),
    "[flowlabel]": _number("flowlabel", "label", _MOST_LABEL, "invalid flowlabel"),
    "[ageing]": _number("ageing", "ageing", 0xFFFFFFFF, "ageing timer", "none"),
    "[maxaddress]": _number("maxaddress", "limit", 0xFFFFFFFF, "max addresses", "unlimited"),
    "[port]": _port_range,
    "[srcport]": _port_range,
    "[dstport]": _number("dstport", "port", 0xFFFF, "dst port"),
    "[nolearning]": _switch("learning", 0),
    "[learning]": _switch("learning", 1),
    "[noproxy]": _switch("proxy", 0),
    "[proxy]": _switch("proxy", 1),
    "[norsc]": _switch("rsc", 0),
    "[rsc]": _switch("rsc", 1),
    "[nol2miss]": _switch("l2miss", 0),
    "[l2miss]": _switch("l2miss", 1),
    "[nol3miss]": _switch("l3miss", 0),
    "[l3miss]": _switch("l3miss", 1),
    "[udpcsum]": _switch("udp_csum", 1),
    "[noudpcsum]": _switch("udp_csum", 0),
    "[udp6zerocsumtx]": _switch("udp_zero_csum6_tx", 1),
    "[noudp6zerocsumtx]": _switch("udp_zero_csum6_tx", 0),
    "[udp6zerocsumrx]": _switch("udp_zero_csum6_rx", 1),
    "[noudp6zerocsumrx]": _switch("udp_zero_csum6_rx", 0),
    "[remcsumtx]": _switch("remcsum_tx", 1),
    "[noremcsumtx]": _switch("remcsum_tx", 0),
    "[remcsumrx]": _switch("remcsum_rx", 1),
    "[noremcsumrx]": _switch("remcsum_rx", 0),
    "[external]": _switch("collect_metadata", 1),
    "[noexternal]": _switch("collect_metadata", 0),
    "[gbp]": _switch("gbp", 1),
    "[gpe]": _switch("gpe", 1),
    "vnifilter": _switch("vnifilter", 1),
    "novnifilter": _switch("vnifilter", 0),
}


def read(program: Program, kind: str, words: Words, *, creating: bool) -> VxlanInfo:
    """Read a VXLAN's options."""
    values = Reading(program, kind, creating=creating).read(words, OPTIONS, USAGE, "command")
    _check(values, creating=creating)
    if values.get("gpe"):
        values.setdefault("port", _GPE_PORT)
    if creating and "port" not in values:
        complain(_UNSPECIFIED)
    if values.get("port") == 0:
        del values["port"]
    _place(values, "destination", "group")
    _place(values, "source", "local")
    if creating:
        values.setdefault("learning", int(not values.get("collect_metadata")))
    return VxlanInfo(**values)


def _check(values: Values, *, creating: bool) -> None:
    """Refuse what does not go together."""
    external = values.get("collect_metadata")
    if values.get("vnifilter") and not external:
        raise IpError("vxlan: vnifilter is valid only when 'external' is set", 1)
    if external and "id" in values:
        raise IpError("vxlan: both 'external' and vni cannot be specified", 1)
    if creating and not external and "id" not in values:
        raise IpError("vxlan: missing virtual network identifier", 1)
    destination = values.get("destination")
    if destination is not None and _is_multicast(destination) and "link" not in values:
        raise IpError("vxlan: 'group' requires 'dev' to be specified", 1)


def _place(values: Values, given: str, member: str) -> None:
    """Put an address where addresses of its length belong."""
    data = values.pop(given, None)
    if data is not None:
        values[member if len(data) == 4 else f"{member}6"] = data
