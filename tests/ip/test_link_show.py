"""Links of every recorded kind are printed, though the machine's kernel may lack the kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nslab.ip import tool_ip
from nslab.ip.link.kinds.table import ELSEWHERE, MODULES
from nslab.ip.link.list import show
from nslab.ip.options import Options
from nslab.ip.program import Program
from nslab.ip.words import Elsewhere, Words
from nslab.kernel.transport import Transport
from nslab.netlink.message import split
from nslab.netlink.rtnl.constants import AF, RTM
from nslab.netlink.rtnl.link import Link
from nslab.testing.fake import FakeKernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parents[1] / "netlink" / "golden"


def _recorded() -> Iterator[Link]:
    seen = set()
    for path in sorted(GOLDEN.glob("*.json")):
        for record in json.loads(path.read_text()):
            for text in record["answers"]:
                for answer in split(bytes.fromhex(text)):
                    if answer.type == RTM.NEWLINK and answer.data not in seen:
                        seen.add(answer.data)
                        yield Link.decode(answer.data)


LINKS = [link for link in _recorded() if link.family != AF.BRIDGE]


def _kind(link: Link) -> str:
    return (link.linkinfo.kind if link.linkinfo else None) or "none"


def _print(link: Link, **options: int) -> str:
    chosen = Options()
    for name, count in options.items():
        setattr(chosen, name, count)
    program = Program("ip", tool_ip, chosen)
    kernel = FakeKernel()
    kernel.answer(RTM.GETLINK, [link])
    with Transport(kernel.socket()) as program._transport:
        show(program, Words([]))
    return "".join(program.out._parts)


def _numbers(value: object) -> Iterator[int]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _numbers(each)
    elif isinstance(value, list):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value


def test_every_kind_that_is_printed_here_was_recorded() -> None:
    recorded = {_kind(link) for link in LINKS}
    assert {"bond", "bridge", "ipvlan", "tun", "veth", "vlan", "vrf", "vxlan"} <= recorded
    assert not set(MODULES) & ELSEWHERE


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{_kind(link)}-{link.ifname}")
def test_text_and_json_say_the_same(link: Link) -> None:
    if _kind(link) in ELSEWHERE:
        with pytest.raises(Elsewhere):
            _print(link, details=1)
        return
    text, (found,) = _print(link, details=1), json.loads(_print(link, details=1, json=1))
    assert found["ifname"] == link.ifname
    assert found.get("linkinfo", {}).get("info_kind", "none") == _kind(link)
    assert text.count("\n") == len(text.splitlines())
    words = text.replace("@if", " ").replace(":", " ").split()
    for number in _numbers(found):
        assert str(number) in words or number == 0


@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{_kind(link)}-{link.ifname}")
def test_one_line_is_one_line(link: Link) -> None:
    assert _print(link, oneline=1, statistics=2).count("\n") == 1
    assert _print(link, brief=1).count("\n") == 1
