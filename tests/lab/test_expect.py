"""Who must reach whom: what a text says, and what is refused."""

from __future__ import annotations

import inspect
from ipaddress import ip_address
from pathlib import Path

import pytest

from nslab import Lab
from nslab.errors import LabFileError
from nslab.lab import dumps, loads
from nslab.lab.expect import members, pairs
from nslab.lab.model import Expectation

FILE = """\
name: x
bridges:
  lan: {subnet: 10.0.1.0/24, uplink: true, ports: [pc1, pc2, 10.9.9.9]}
  dmz: {subnet: 10.0.2.0/24, ports: [web, pc2]}
expect:
"""


def read(*texts: str) -> tuple[Expectation, ...]:
    lines = "".join(f"  - {text!r}\n" for text in texts)
    return loads(FILE + lines).resolve().expect


def faults(*texts: str) -> list[str]:
    with pytest.raises(LabFileError) as error:
        read(*texts)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pc1 -> pc2", Expectation("pc1", "pc2")),
        ("pc1 -/> pc2 icmp", Expectation("pc1", "pc2", reach=False)),
        ("pc1 -> web:8080", Expectation("pc1", "web", "tcp", 8080)),
        ("pc1 -> web tcp/8080", Expectation("pc1", "web", "tcp", 8080)),
        ("web -/> lan udp/53", Expectation("web", "lan", "udp", 53, reach=False)),
        ("* -> outside tcp/443", Expectation("*", "outside", "tcp", 443)),
        ("outside -> web:1", Expectation("outside", "web", "tcp", 1)),
        ("pc1 -> 192.0.2.7", Expectation("pc1", ip_address("192.0.2.7"))),
        ("pc1 -> 192.0.2.7:65535", Expectation("pc1", ip_address("192.0.2.7"), "tcp", 65535)),
        ("pc1 -> fd00::1", Expectation("pc1", ip_address("fd00::1"))),
        ("pc1 -> [fd00::1]:80", Expectation("pc1", ip_address("fd00::1"), "tcp", 80)),
        ("pc1 -> 10.9.9.9", Expectation("pc1", "10.9.9.9")),  # a node may be called so
        ("pc1 -> pc1", Expectation("pc1", "pc1")),
    ],
)
def test_what_a_text_says(text: str, said: Expectation) -> None:
    assert read(text) == (said,)
    assert read(str(said)) == (said,)
    assert read(f"  {text.replace(' ', '   ')} ") == (said,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pc1 -> wev", 'expect[0]: "wev" is no node and no bridge of the lab (hint: did you mean'),
        ("cp1 -> web", '"cp1" is no node and no bridge of the lab (hint: did you mean "pc1"?)'),
        ("10.0.0.1 -> web", '"10.0.0.1" is no node and no bridge of the lab'),
        ("pc1 -> web:0", "has a port that is not from 1 to 65535"),
        ("pc1 -> web tcp/70000", "has a port that is not from 1 to 65535"),
        ("pc1 -> web:http", '"web:http" is no node and no bridge of the lab'),
        ("pc1 -> web sctp/80", "(hint: one of icmp, tcp/PORT, udp/PORT)"),
        ("pc1 -> web tcp", '"tcp" is no protocol that can be tried'),
        ("pc1 -> web:80 tcp/80", "says two ports (hint: say TARGET:PORT or TARGET tcp/PORT)"),
        ("pc1 => web", 'does not say who must reach whom (hint: say "pc1 -> far"'),
        ("pc1->web", "does not say who must reach whom"),
        ("pc1 -> web tcp/80 now", "does not say who must reach whom"),
        ("outside -/> outside", "is about the outside alone"),
    ],
)
def test_what_is_refused_and_the_remedy(text: str, words: str) -> None:
    (fault,) = faults(text)
    assert words in fault


def test_a_refusal_says_the_line() -> None:
    with pytest.raises(LabFileError, match=r'^7: expect\[1\]: "nobody" is no node'):
        loads(FILE + "  - pc1 -> pc2\n  - pc1 -> nobody\n")


@pytest.mark.parametrize(
    ("one", "other", "pair"),
    [
        ("pc1 -> pc2", "pc1 -/> pc2", "pc1 to pc2"),
        ("lan -> web:80", "pc2 -/> web tcp/80", "pc2 to web"),
        ("* -> lan", "web -/> pc1", "web to pc1"),
        ("pc1 -> 192.0.2.7 udp/7", "lan -/> 192.0.2.7 udp/7", "pc1 to 192.0.2.7"),
    ],
)
def test_the_same_pair_is_not_expected_both_ways(one: str, other: str, pair: str) -> None:
    for texts in ((one, other), (other, one)):
        (fault,) = faults(*texts)
        assert f'expect[1]: "{texts[1].replace(":80", " tcp/80")}" contradicts' in fault
        assert f"(line 6): {pair} is in both" in fault


def test_what_is_no_contradiction() -> None:
    assert len(read("pc1 -> web", "pc1 -/> web:80", "web -/> pc1", "pc1 -/> web udp/80")) == 4
    assert len(read("lan -> lan", "pc1 -/> pc1")) == 2  # no member of many asks itself


def test_the_outside_needs_a_way_out() -> None:
    closed = FILE.replace("uplink: true, ", "")
    for text in ("pc1 -> outside", "outside -> pc1"):
        with pytest.raises(LabFileError, match="needs a way out, and the lab has none"):
            loads(f"{closed}  - {text}\n").resolve()
    assert loads(f"{closed}  - pc1 -/> outside\n").resolve().expect


def test_groups_and_their_pairs() -> None:
    known = members({"lan": ["a", "b", "a"], "dmz": ["c"]}, ["a", "b", "c"])
    assert known["lan"] == ["a", "b"]

    def of(source: str, target: str) -> list[tuple[str, object]]:
        return list(pairs(Expectation(source, target), known))

    assert of("lan", "lan") == [("a", "b"), ("b", "a")]
    assert of("lan", "b") == [("a", "b")]
    assert of("b", "b") == [("b", "b")]
    assert of("*", "dmz") == [("a", "c"), ("b", "c")]
    assert of("outside", "*") == [("outside", name) for name in "abc"]


def test_one_text_alone_an_empty_list_and_nothing_are_good() -> None:
    assert len(loads(FILE.rstrip() + " pc1 -> pc2\n").resolve().expect) == 1
    assert loads(FILE.rstrip() + " []\n").resolve().expect == ()
    assert loads(FILE).resolve().expect == ()


def test_they_are_written_a_line_each() -> None:
    text = dumps(loads(FILE + "  - pc1 -> pc2\n  - '* -/> web udp/9'\n"))
    assert text.endswith('expect:\n  - "pc1 -> pc2"\n  - "* -/> web udp/9"\n')


def test_in_python_an_error_names_the_call() -> None:
    lab = Lab("x")
    lab.cable("a", "b", subnet="10.0.0.0/30")
    lab.expect("a -> b", "b -/> a tcp/22")
    said_in = inspect.currentframe().f_lineno + 1  # type: ignore[union-attr]
    lab.expect("a -> nobody")
    with pytest.raises(LabFileError) as error:
        lab.resolve()
    (problem,) = error.value.problems
    assert (problem.path, problem.source) == ("expect[2]", Path(__file__).name)
    assert problem.line == said_in


def test_a_thousand_nodes_and_expectations_of_all_are_read_at_once() -> None:
    lab = Lab("x")
    lan = lab.bridge("lan", subnet="10.0.0.0/16")
    for number in range(300):
        lab.node(f"n{number}", on=lan)
    lab.expect("* -> *", "lan -> lan", *[f"n{n} -/> lan tcp/{n + 1}" for n in range(300)])
    assert len(lab.resolve().expect) == 302
