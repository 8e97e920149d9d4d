"""Commands that nobody thought of: words put together at random, given to both sides.

The words are those of the grammars, whole and abbreviated, and some that belong to none. What one
side does not have is left out, and what does not end, and what counts packets. The choice is the
same in every run; NSLAB_SEED gives another, and NSLAB_EXAMPLES more of it.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.ip.twins import Case, compare, why_not_compare
from tests.kernel.sandboxed import sandboxed

LINES = 20
PREPARED = (
    "sh ip link add v0 address 02:00:00:00:00:01 type veth peer name v1 address 02:00:00:00:00:02",
    "sh ip link add br0 address 02:00:00:00:00:03 type bridge",
    "sh ip addr add 10.0.0.1/24 dev v0; ip addr add fd00::1/64 dev v0 nodad; ip netns add red",
    "sh ip link set lo up; ip link set v0 up; ip link set v1 up",
    "settle",
)


class Grammar(NamedTuple):
    """What is put together: a program, an object, its verbs, and the words that follow."""

    program: str
    object: str
    verbs: list[str]
    words: list[str]


def _read() -> tuple[list[str], list[str], list[Grammar]]:
    """Read the options, the words that fit anywhere, and the grammars."""
    text = Path(__file__).with_name("grammars.txt").read_text()
    blocks = [block.partition("\n") for block in text.strip().split("\n\n")[1:]]
    (_, _, options), (_, _, anywhere), *rest = blocks
    grammars = []
    for head, _, words in rest:
        who, _, verbs = head.partition(": ")
        program, _, name = who.partition(" ")
        grammars.append(Grammar(program, name, verbs.split(), words.split()))
    return options.split(), anywhere.split(), grammars


OPTIONS, ANY, GRAMMARS = _read()


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Put a command together."""
    grammar = draw(st.sampled_from(GRAMMARS))
    options = draw(st.lists(st.sampled_from(OPTIONS), max_size=2))
    verb = draw(st.sampled_from(grammar.verbs))
    head = [draw(_maybe_cut(grammar.object)), draw(_maybe_cut(verb))]
    words = draw(st.lists(st.sampled_from(grammar.words + ANY), max_size=7))
    cut = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    tail = [draw(_maybe_cut(word)) if one else word for word, one in zip(words, cut, strict=True)]
    return shlex.join([grammar.program, *options, *head, *tail])


def _maybe_cut(word: str) -> st.SearchStrategy[str]:
    return st.integers(1, len(word)).map(lambda length: word[:length]) | st.just(word)


@pytest.mark.parametrize("part", range(4))
@sandboxed
def test_whatever_is_said_the_answers_are_the_same(part: int) -> None:
    reason = why_not_compare()
    if reason:
        pytest.skip(reason)

    @seed(int(os.environ.get("NSLAB_SEED", "0")) + part)
    @settings(
        max_examples=int(os.environ.get("NSLAB_EXAMPLES", "5")),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(lines(), min_size=LINES, max_size=LINES))
    def check(said: list[str]) -> None:
        difference = compare(Case("generated", "", (*PREPARED, *said)))
        assert not difference, f"\n{difference}"

    check()
