"""Choosing all that a file leaves open: ifnames, addresses, MACs; refusing what clashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab import address, names
from nslab.lab.document import quote

if TYPE_CHECKING:
    from nslab.lab.address import Subnet
    from nslab.lab.check import Reader
    from nslab.lab.document import Path
    from nslab.lab.drafts import EndDraft, GivenAddress, LabDraft, Segment
    from nslab.lab.model import Address

MTU_IPV6 = 1280
"""The least MTU of a link with IPv6 (RFC 8200, section 5)."""


def choose(reader: Reader, lab: LabDraft) -> None:
    """Complete the drafts, in the order of the file."""
    _choose_ifnames(reader, lab)
    for segment in lab.segments:
        _choose_addresses(reader, lab, segment)
    _check_nodes(reader, lab)
    _choose_macs(reader, lab)


def _choose_ifnames(reader: Reader, lab: LabDraft) -> None:
    taken: dict[str, dict[str, EndDraft]] = {name: {} for name in lab.nodes}
    ends = [end for segment in lab.segments for end in segment.ends if end is not segment.gateway]
    for end in ends:
        if end.ifname:
            first = taken[end.node].setdefault(end.ifname, end)
            if first is not end:
                _refuse_ifname(reader, end, first)
    numbers = dict.fromkeys(lab.nodes, 0)
    for end in ends:
        if end.ifname:
            continue
        number = numbers[end.node]
        while f"eth{number}" in taken[end.node]:
            number += 1
        end.ifname = f"eth{number}"
        numbers[end.node] = number + 1


def _refuse_ifname(reader: Reader, end: EndDraft, first: EndDraft) -> None:
    line = reader.document.place(first.path).line
    where = f" (line {line})" if line else ""
    path = _part(reader, end, "ifname")
    reader.refuse(path, f"{end.node} has another link {quote(end.ifname)}{where}")


def _part(reader: Reader, end: EndDraft, key: str) -> Path:
    """Give the path of an endpoint's key, or of the endpoint where it has no such key."""
    path = (*end.path, key)
    return path if reader.document.has(path) else end.path


# Addresses


def _choose_addresses(reader: Reader, lab: LabDraft, segment: Segment) -> None:
    owners: dict[Address, EndDraft] = {}
    for end in segment.ends:
        for given in end.given or ():
            if not _take(reader, segment, end, given, owners):
                lab.unsure.add(end.node)
    full: set[int] = set()
    for end in segment.ends:
        if end.given is None:
            _give(reader, lab, segment, end, full)
    _check_mtus(reader, segment)


def _take(
    reader: Reader,
    segment: Segment,
    end: EndDraft,
    given: GivenAddress,
    owners: dict[Address, EndDraft],
) -> bool:
    """Take an address given by hand, or note why it cannot be."""
    subnet = next((item for item in segment.subnets if given.address in item.network), None)
    prefix = _prefix(segment, given, subnet)
    fault, hint = "", None
    if prefix is None:
        fault, hint = _lost(segment, given)
    elif not (fault := _fault(given.address, prefix)):
        first = owners.get(given.address)
        fault = f"is taken by {first}" if first else ""
    if fault:
        reader.refuse_value(given.path, given.text, fault, hint)
    if fault or prefix is None:
        return False
    owners[given.address] = end
    if subnet:
        subnet.claimed.add(int(given.address))
    end.addresses.append(address.interface(given.address, prefix))
    return True


def _fault(given: Address, prefix: int) -> str:
    return address.fault(given, address.interface(given, prefix).network)


def _prefix(segment: Segment, given: GivenAddress, subnet: Subnet | None) -> int | None:
    """Give an address's prefix length: its own, or its subnet's; None where it has no place."""
    if subnet:
        return subnet.network.prefixlen if given.prefix is None else given.prefix
    if address.is_link_local(given.address):
        return 64 if given.prefix is None else given.prefix
    return None if segment.subnets or segment.unsure else given.prefix


def _lost(segment: Segment, given: GivenAddress) -> tuple[str, str | None]:
    """Say why an address has no place on its segment, and the remedy."""
    if segment.unsure:
        return "", None
    if segment.subnets:
        subnets = ", ".join(str(item.network) for item in segment.subnets)
        return f"is in no subnet of {_title(segment)} ({subnets})", None
    hint = f'"{given.text}/{24 if given.address.version == 4 else 64}"'
    return f"has no prefix length, and {_title(segment)} has no subnet", hint


def _title(segment: Segment) -> str:
    return f"bridge {segment.name}" if segment.name else "this cable"


def _give(reader: Reader, lab: LabDraft, segment: Segment, end: EndDraft, full: set[int]) -> None:
    """Give an endpoint one address from each subnet of its segment."""
    for index, subnet in enumerate(segment.subnets):
        chosen = subnet.give_gateway() if end is segment.gateway else subnet.give()
        if chosen is not None:
            end.addresses.append(chosen)
            continue
        lab.unsure.add(end.node)
        if index not in full:
            full.add(index)
            message = f"no address left in {subnet.network} (it has {subnet.size} for links)"
            reader.refuse(end.path, message, "take a larger subnet")


def _check_mtus(reader: Reader, segment: Segment) -> None:
    noted: set[Path] = set()
    for end in segment.ends:
        if end.mtu is None or end.mtu >= MTU_IPV6:
            continue
        first = next((item for item in end.addresses if item.version == 6), None)
        path = (*end.path, "mtu")
        if not reader.document.has(path):
            path = (*segment.path, "mtu")
        if first and path not in noted:
            noted.add(path)
            message = f"{end.mtu} is less than the {MTU_IPV6} that IPv6 needs ({end} has {first})"
            reader.refuse(path, message)


def _check_nodes(reader: Reader, lab: LabDraft) -> None:
    """Refuse an address that a node would have on two of its links."""
    seen: dict[tuple[str, int, int], EndDraft] = {}
    for segment in lab.segments:
        for end in segment.ends:
            for item in end.addresses:
                first = seen.setdefault((end.node, item.version, int(item)), end)
                if first is not end and not address.is_link_local(item.ip):
                    hint = None if end.given else "give one of them by hand"
                    message = f'"{item.ip}" is taken by {first}, in the same node'
                    reader.refuse(_part(reader, end, "addresses"), message, hint)


# MACs


def _choose_macs(reader: Reader, lab: LabDraft) -> None:
    taken: set[str] = set()
    for segment in lab.segments:
        _check_macs(reader, segment)
        taken.update(end.mac for end in segment.ends)
        taken.add(segment.mac)
    for segment in lab.segments:
        if segment.name and not segment.mac:
            segment.mac = names.choose_mac(lab.name, segment.name, "", taken)
        for end in segment.ends:
            if not end.mac:
                end.mac = names.choose_mac(lab.name, end.node, end.ifname, taken)


def _check_macs(reader: Reader, segment: Segment) -> None:
    owners = {segment.mac: _title(segment)}
    for end in segment.ends:
        if end.mac and owners.setdefault(end.mac, str(end)) != str(end):
            path = _part(reader, end, "mac")
            reader.refuse(path, f'"{end.mac}" is taken by {owners[end.mac]}')
