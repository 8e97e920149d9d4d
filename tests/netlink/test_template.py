"""A template gives what the message itself would be encoded to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nslab.netlink.attrs import EncodeError
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.address import Address
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo, VethInfo
from nslab.netlink.template import Template

_U32, _S32 = st.integers(0, 2**32 - 1), st.integers(-(2**31), 2**31 - 1)
_name = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=15)


def _address(index: int, prefixlen: int, packed: bytes) -> Address:
    return Address(index=index, prefixlen=prefixlen, local=packed, address=packed)


def _veth(name: bytes, index: int, peer_index: int, master: int, mac: bytes) -> Link:
    peer = Link(index=peer_index, address=mac or None, ifname="eth0")
    info = LinkInfo(kind="veth", data=VethInfo(peer=peer))
    return Link(index=index, linkinfo=info, ifname=name.decode(), master=master)


@given(_U32, st.integers(0, 255), st.binary(min_size=16, max_size=16))
def test_of_numbers_of_any_size_and_a_value_that_comes_twice(
    index: int, prefixlen: int, packed: bytes
) -> None:
    request = Template(_address, "I", "B", "16s").request(
        RTM.NEWADDR, NLM_F.CREATE, index, prefixlen, packed
    )
    plain = Request(RTM.NEWADDR, _address(index, prefixlen, packed), NLM_F.CREATE)
    assert request.encode(7) == plain.encode(7)
    assert request.body.encode() == plain.body.encode()


@given(_name, _S32, _S32, _U32, st.binary(min_size=6, max_size=6) | st.just(b""))
def test_of_nested_values_and_of_one_that_is_left_out(
    name: str, index: int, peer_index: int, master: int, mac: bytes
) -> None:
    template = Template(_veth, f"{len(name)}s", "i", "i", "I", f"{len(mac)}s")
    values = name.encode(), index, peer_index, master, mac
    request = template.request(RTM.NEWLINK, 0, *values)
    plain = Request(RTM.NEWLINK, _veth(*values))
    assert request.encode(1, NLM_F.ACK) == plain.encode(1, NLM_F.ACK)
    assert repr(request) == repr(Request(RTM.NEWLINK, Link.decode(plain.body.encode())))
    assert request.body.path_at(plain.body.encode().index(b"veth") - 4) == "linkinfo.kind"


def test_a_number_that_does_not_fit() -> None:
    template = Template(_address, "I", "B", "4s")
    with pytest.raises(EncodeError, match="Address: "):
        template.request(RTM.NEWADDR, 0, 2**32, 24, b"abcd")
