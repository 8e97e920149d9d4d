from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nslab.errors import IpError
from nslab.ip.batch import split
from nslab.ip.inet import AF_INET, AF_INET6, parse_address, parse_prefix, read_prefix
from nslab.ip.words import Words, find, integer, matches


@pytest.mark.parametrize(
    ("word", "pattern", "expected"),
    [
        ("l", "[list]", True),
        ("list", "[list]", True),
        ("lists", "[list]", False),
        ("", "[list]", False),
        ("dev", "dev", True),
        ("de", "dev", False),
        ("b", "br[oadcast]", False),
        ("bro", "br[oadcast]", True),
        ("brx", "br[oadcast]", False),
    ],
)
def test_abbreviations(word: str, pattern: str, *, expected: bool) -> None:
    assert matches(word, pattern) is expected


def test_the_first_in_the_table_wins() -> None:
    assert find("s", {"[show]": 1, "[set]": 2}) == 1
    assert find("se", {"[show]": 1, "[set]": 2}) == 2
    assert find("x", {"[show]": 1, "[set]": 2}) is None


def test_a_line_that_ends_too_early() -> None:
    words = Words(["dev"])
    assert words.take() == "dev"
    with pytest.raises(IpError, match="Command line is not complete") as caught:
        words.take()
    assert (caught.value.exit_code, caught.value.ends_batch) == (255, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", 10),
        ("0x1f", 31),
        ("017", 15),
        ("0", 0),
        ("+4", 4),
        ("-4", -4),
        (" 5", 5),
        ("", None),
        ("08", None),
        ("0x", None),
        ("1_0", None),
        ("4 ", None),
        ("²", None),
        ("--4", None),
        ("1e3", None),
    ],
)
def test_numbers_are_read_as_c_reads_them(text: str, value: int | None) -> None:
    assert integer(text, -100, 100) == value


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("netns add a\n", ["netns", "add", "a"]),
        ("  a\tb \r\n", ["a", "b"]),
        ("add 'a b'c\n", ["add", "a b", "c"]),
        ("""add "it's" x'y'\n""", ["add", "it's", "x'y'"]),
        ('add ""\n', ["add", ""]),
        ("a\0b c\n", ["a"]),
        ("\n", []),
    ],
)
def test_lines_of_a_batch(line: str, words: list[str]) -> None:
    assert split(line) == words


@given(st.lists(st.text(st.characters(exclude_characters="\0'", codec="utf-8")), max_size=20))
def test_quoted_words_come_back(words: list[str]) -> None:
    assert split(" ".join(f"'{word}'" for word in words)) == words


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("10.0.0.1", b"\x0a\0\0\1"),
        ("10", b"\x0a\0\0\0"),
        ("1.2.3", b"\1\2\3\0"),
        ("0x1.010.3.4", b"\1\x08\3\4"),
        ("::1", bytes(15) + b"\1"),
        ("1.2.3.4.5", None),
        ("1.2.3.256", None),
        ("1..2", None),
        ("x", None),
        ("", None),
        ("::x", None),
    ],
)
def test_addresses(word: str, data: bytes | None) -> None:
    found = parse_address(word)
    assert (found and found.data) == data


def test_prefixes() -> None:
    found = parse_prefix("10.0.0.0/255.255.255.0")
    assert found is not None
    assert (found.family, found.bits, found.sized) == (AF_INET, 24, True)
    assert parse_prefix("10.0.0.0/255.0.255.0") is None
    assert parse_prefix("10.0.0.0/33") is None
    assert parse_prefix("::/129") is None
    assert parse_prefix("default/0") is None
    assert parse_prefix("10.0.0.0/8", AF_INET6) is None
    with pytest.raises(IpError, match="Error: inet6 prefix is expected rather than"):
        read_prefix("10.0.0.0/8", AF_INET6)
