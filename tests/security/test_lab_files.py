"""What a hostile lab file can do: bring up its lab, and no more than that.

Each text of a file that is not refused goes to the kernel as it is, and to shells, pictures and
terminals as a word that stays one.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from nslab import diff, loads, up
from nslab.draw import draw_as
from nslab.errors import LabFileError
from nslab.lab.document import MAX_BYTES
from nslab.lab.words import Kind
from nslab.plan.script import script
from tests.kernel.sandboxed import sandboxed

if TYPE_CHECKING:
    from pathlib import Path

    from nslab import Lab

IFNAMES = [
    "$(>pwn)",
    "`>pwn`",
    ";>pwn;",
    "'>pwn;'",
    '">pwn;"',
    "|>pwn",
    "&>pwn&",
    "{>pwn,b}",
    "*",
    "~",
    "#x",
    "\\",
    "\\n",
    "!!",
    "[]]]>]",
    "<b>&amp;",
    "a\\'b$HOME",
    "${IFS}>pwn",
    "]]>",
]
"""Names that the kernel takes for a link."""

SETTINGS = ["$(>pwn)", "`>pwn`", "';>pwn;'", '";>pwn;"', "\\", "a b", "a\tb"]
NO_NAMES = [
    "a;b",
    "$(b)",
    "`b`",
    "a b",
    "a\nb",
    "a\x00b",
    "../a",
    "/a",
    "..",
    ".",
    "-rf",
    "a'b",
    'a"b',
    "\x1b[2J",
    "\u202ea",
    "ä",
    "a:b/c",
    "a=b",
    "a\n127.0.0.1 bank.example",
    "",
    "a" * 64,
]
HARMLESS = """
VERSION NAME NODE IFNAME SUBNETS ADDRESSES ADDRESS DST MAC MTU METRIC FLAG PUBLISH UPLINK HOST
NODE_UPLINK SYSCTL BRIDGES CABLES NODES PORTS ENDS ROUTES EXPECT LATER
"""
"""What the keys of a file take: names, addresses, numbers, settings; no command and no path."""

DRAWN = {"svg", "title", "desc", "style", "rect", "text", "path", "line", "g", "circle", "polyline"}
FAKE = """#!/bin/sh
{ printf %s\\\\0 "${0##*/}" "$@"; printf \\\\0; } >>"$SAID"
[ "${0##*/} $*" != "$FAILS" ]
"""
"""Stands for `ip`, `nft`, `sysctl` and the like: says what words it was given."""


def hostile(name: str = "hostile", *, uplink: bool = True) -> Lab:
    """Give a lab of which every text that may be free is a foe's."""
    ends = [{"node": "a", "ifname": ifname} for ifname in IFNAMES]
    settings = {f"net.ipv4.conf.x{number}.tag": text for number, text in enumerate(SETTINGS)}
    bridge = {"ports": ends, "subnet": ["10.0.0.0/24", "fd00::/64"], "uplink": uplink}
    routes = [
        {"dst": "10.9.0.0/16", "dev": ifname, "metric": n} for n, ifname in enumerate(IFNAMES)
    ]
    node: dict[str, object] = {"routes": routes}
    if uplink:
        node |= {"publish": ["8080:80", "[::1]:53:53/udp"], "sysctl": settings}
    tree = {"name": name, "bridges": {"lan": bridge}, "nodes": {"a": node}}
    return loads(json.dumps(tree), format="json")


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_could_be_more_than_one_is_refused(name: str) -> None:
    trees: list[dict[str, object]] = [
        {"name": name},
        {"nodes": {name: {}}},
        {"bridges": {name: {}}},
        {"bridges": {"lan": {"ports": [name]}}},
        {"cables": [{"ends": [{"node": name}, "b"]}]},
        {"expect": [f"{name} -> b"], "nodes": {"b": {}}},
    ]
    for tree in trees:
        with pytest.raises(LabFileError):
            loads(json.dumps({"name": "x"} | tree), format="json")


@pytest.mark.parametrize("address", ["fe80::1%$(b)", "fe80::1%eth0;b", "10.0.0.1;b", "10.0.0.1\n"])
def test_an_address_is_nothing_but_an_address(address: str) -> None:
    for tree in (
        {"nodes": {"a": {"routes": [{"via": address, "dst": "default"}]}}},
        {"nodes": {"a": {"routes": [{"via": "10.0.0.2", "dst": address}]}}},
        {"nodes": {"a": {"publish": [f"[{address}]:80:80"]}}},
        {"bridges": {"lan": {"subnet": f"{address}/64"}}},
        {"cables": [{"ends": [{"node": "a", "addresses": [f"{address}/64"]}, "b"]}]},
    ):
        with pytest.raises(LabFileError):
            loads(json.dumps({"name": "x"} | tree), format="json")


@pytest.mark.parametrize(
    "key", ["kernel.hostname", "net/../kernel/x", "net..x", "net.a\nb", "vm.x", "/net/x", "net/./x"]
)
def test_a_setting_outside_of_the_network_stack_is_refused(key: str) -> None:
    with pytest.raises(LabFileError):
        loads(json.dumps({"name": "x", "nodes": {"a": {"sysctl": {key: "1"}}}}), format="json")


def test_no_word_of_a_file_names_a_command_or_a_file() -> None:
    assert {kind.name for kind in Kind} == set(HARMLESS.split()), (
        "does a new word run something? then docs/threats.md must say so"
    )
    with pytest.raises(LabFileError):
        loads("name: x\nnodes: {a: {services: {web: {command: [touch, pwn]}}}}")


@pytest.mark.parametrize("fails", ["", "ip -n a link set lo up"])
@pytest.mark.parametrize("arguments", [[], ["down"]])
def test_a_script_gives_every_text_as_one_word(
    fails: str, arguments: list[str], tmp_path: Path
) -> None:
    lab = hostile().resolve()
    path = tmp_path / "lab.sh"
    path.write_text(script(lab))
    said = run(tmp_path, ["sh", str(path), *arguments], fails)
    if not arguments and not fails:
        told = {word for command in said for word in command}
        assert set(IFNAMES) <= told
        assert {f"net.ipv4.conf.x{n}.tag={text}" for n, text in enumerate(SETTINGS)} <= told
    assert said


def test_a_line_of_a_plan_gives_every_text_as_one_word(tmp_path: Path) -> None:
    told: set[str] = set()
    for step in diff(hostile(uplink=False)).steps:
        for command in run(tmp_path, ["sh", "-c", step.command()]):
            told |= set(command)
    assert set(IFNAMES) <= told


def run(folder: Path, command: list[str], fails: str = "") -> list[list[str]]:
    """Run a shell with tools that do nothing; give their commands. Nothing else may happen."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("ip", "nft", "sysctl", "socat", "pkill", "conntrack"):
        (tools / name).write_text(FAKE)
        (tools / name).chmod(0o755)
    said = folder / "said"
    said.write_bytes(b"")
    there = {*os.listdir(folder)}  # noqa: PTH208 - names alone
    variables = {"PATH": f"{tools}:{os.environ['PATH']}", "SAID": str(said), "FAILS": fails}
    own = ["env", "-i", *(f"{key}={text}" for key, text in variables.items())]
    subprocess.run([*own, *command], cwd=folder, check=False, capture_output=True, timeout=60)
    assert {*os.listdir(folder)} == there, "a text was run"  # noqa: PTH208
    return [text.split("\0") for text in said.read_text().split("\0\0") if text]


@sandboxed
def test_the_kernel_gets_every_name_as_it_is() -> None:
    lab = hostile(f"h{os.getpid()}", uplink=False)
    with up(lab) as running:
        assert running.drift() == []
        assert diff(lab).steps == ()
        with running.open() as sandbox:
            hosts = sandbox._ask("file", "hosts")[0][0]
        links = running.observed().endpoints()["a"]
        assert [end.ifname for end in links] == IFNAMES
    form = re.compile(r"[0-9a-f:.]+ [A-Za-z0-9._ -]+")
    assert all(form.fullmatch(line) for line in hosts.splitlines())


def test_a_picture_has_names_as_text_alone() -> None:
    pytest.importorskip("networkx")
    lab = hostile().resolve()
    root = ET.fromstring(draw_as(lab, "svg"))  # noqa: S314 - our own
    kinds = {element.tag.partition("}")[2] for element in root.iter()}
    assert kinds <= DRAWN
    attributes = {key for element in root.iter() for key in element.attrib}
    assert not [key for key in attributes if key.startswith("on") or "href" in key]
    said = " ".join(root.itertext())
    assert all(name in said for name in IFNAMES if len(name) < 10)


def test_a_graph_has_names_in_quotes_alone() -> None:
    lab = hostile().resolve()
    dot = re.sub(r'"(\\.|[^"\\])*"', "", draw_as(lab, "dot"))
    assert re.fullmatch(r"[A-Za-z0-9 \n{}\[\]=.;-]*", dot)
    chart = draw_as(lab, "mermaid")
    quoted = re.findall(r'"([^"\n]*)"', chart)
    assert all(re.fullmatch(r"([\w .,:/()+#;-]|<br/>)*", text) for text in quoted), quoted
    rest = re.sub(r'"[^"\n]*"', "", chart)
    assert re.fullmatch(r"[\w \n\[\]()|:,#-]*", rest)
    assert all(line.isprintable() for line in draw_as(lab, "text").splitlines())


def test_a_file_cannot_be_so_large_or_deep_that_it_takes_the_machines_memory() -> None:
    assert MAX_BYTES <= 64 << 20
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n" for one, two in pairwise("abcdefghi")
    )
    for text in (bomb, "[" * 100_000, f"mtu: {'9' * 5000}"):
        with pytest.raises(LabFileError):
            loads(text, name="x")


def test_what_is_quoted_is_quoted_as_the_shell_does() -> None:
    assert all(shlex.split(shlex.quote(name)) == [name] for name in IFNAMES)
