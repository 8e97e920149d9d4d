"""How the details of a kind are printed: rows of members."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.ip.output import Output
    from nslab.netlink.attrs import Message


def show_numbers(out: Output, data: Message, members: Iterable[str]) -> None:
    """Print the numbers that are there; a member's name is its JSON key and its word in text.

    Where the word is another one, it follows after a colon: `mcast_hash_max:hash_max`.
    """
    for row in members:
        member, _, word = row.partition(":")
        value = getattr(data, member)
        if value is not None:
            out.put(member, f"{word or member} %d ", value)


def show_switch(out: Output, key: str, word: str, value: int | None) -> None:
    """Print a member that is on or off: a boolean in JSON."""
    if value is not None:
        out.put(key, f"{word} {'on' if value else 'off'} ", bool(value))


def show_hexadecimal(out: Output, key: str, word: str, value: int | None) -> None:
    """Print a number in hexadecimal, in JSON as a string; 0 has no prefix."""
    if value is not None:
        out.put(key, f"{word} %s ", f"{value:#x}" if value else "0")


def show_timers(out: Output, data: Message, members: Iterable[str]) -> None:
    """Print members that count hundredths of a second."""
    for member in members:
        value = getattr(data, member)
        if value is not None:
            seconds, rest = divmod(value, 100)
            out.number(member, f"{seconds}.{rest:02}")
            out.text(f"{member} {seconds:4}.{rest:02} ")


def show_name(out: Output, key: str, word: str, value: int | None, names: Sequence[str]) -> None:
    """Print a member by its name."""
    if value is not None:
        out.put(key, f"{word} %s ", names[value] if value < len(names) else "(null)")


def bridge_id(data: bytes) -> str:
    """Write a bridge's identifier: the priority, and the address without leading zeros."""
    address = ":".join(f"{byte:x}" for byte in data[2:8])
    return f"{data[:2].hex()}.{address}"
