"""The same lab by `up` and by the script of stock tools: equal in everything that `ip` shows."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, end, loads, up
from nslab.plan import segment
from nslab.plan.script import script
from nslab.plan.steps.step import dev

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
OBJECTS = (
    "link show",
    "address show",
    "route show table all",
    "-6 route show table all",
    "neigh show nud permanent",  # learnt ones come and go with router solicitations
)
SETTLING = {"valid_life_time", "preferred_life_time", "ifi_flags", "link_netnsid", "operstate"}
MARK = "ifalias"  # by which the script knows its own namespaces


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    if shutil.which("ip", path=path) is None or shutil.which("sysctl", path=path) is None:
        pytest.skip("the script needs iproute2 and procps")


def dumps_of(pid: int, names: list[str]) -> dict[str, object]:
    """Read every object of every netns, by a shell that joins the process beside the lab."""
    loop = "; ".join(f"ip -j -n {name} {words}" for name in names for words in OBJECTS)
    flags = ["-m", "-n"] if os.geteuid() == 0 else ["-U", "-m", "-n", "--preserve-credentials"]
    command = ["nsenter", "-t", str(pid), *flags, "sh", "-c", loop]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    keys = [f"{name} {words}" for name in names for words in OBJECTS]
    texts = [line for line in out.replace("][", "]\n[").splitlines() if line.strip()]
    found = {key: plain(json.loads(text)) for key, text in zip(keys, texts, strict=True)}
    return {key: ordered(value) if " route " in key else value for key, value in found.items()}


def ordered(routes: object) -> object:
    """Sort routes: the kernel lists those of two links in the order of their carriers."""
    assert isinstance(routes, list)
    return sorted(routes, key=lambda route: json.dumps(route, sort_keys=True))


def plain(value: object) -> object:
    """Leave out what differs from one moment to the next, and the script's own mark."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in {MARK, *SETTLING}}
    return [plain(item) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def by_script(text: str, folder: Path) -> Iterator[int]:
    """Run the script in a sandbox of its own; give the PID of a process beside the lab."""
    path = folder / "lab.sh"
    path.write_text(text)
    inside = f"mount -t tmpfs tmpfs /run && sh {path} && echo built && exec cat"
    command = ["unshare", "-rnm"] if os.geteuid() == 0 else ["unshare", "-Urnm"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([*command, "sh", "-c", inside], **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == b"built\n"
        yield process.pid


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_script_and_up_build_the_same(path: Path, tmp_path: Path) -> None:
    lab = loads(path.read_text(), name=path.stem)
    desired = lab.resolve()
    names = [*(bridge.name for bridge in desired.bridges), *(node.name for node in desired.nodes)]
    with by_script(script(desired), tmp_path) as pid, up(lab) as running:
        deadline = time.monotonic() + 6
        while (found := differences(running.pid, pid, names)) and time.monotonic() < deadline:
            time.sleep(0.1)  # carriers come and multicast routes follow in the kernel's own time
    assert not found


def test_a_segment_over_several_fabrics_is_built_by_script_as_by_up(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "ROOM", 2)
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    for number in range(5):
        lab.node(f"n{number}", on=lan)
    names = ["lan", "lan+1", "lan+2", *(f"n{number}" for number in range(5))]
    with by_script(script(lab.resolve()), tmp_path) as pid, up(lab) as running:
        deadline = time.monotonic() + 6
        while (found := differences(running.pid, pid, names)) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert not found


def differences(pid: int, other: int, names: list[str]) -> dict[str, object]:
    """Give what is not the same in the labs beside two processes."""
    found, expected = dumps_of(pid, names), dumps_of(other, names)
    return {k: (found[k], expected[k]) for k in found if found[k] != expected[k]}


def test_names_are_quoted_for_the_shell() -> None:
    lab = Lab("quoted")
    lab.node("a")
    lab.cable(end("a", "$(reboot)"), end("b", "x;y"), subnet="10.0.0.0/30")
    text = script(lab.resolve())
    assert "'$(reboot)'" in text
    assert "'x;y'" in text
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0


WORDS = (
    *("a", "b", "br", "d", "h", "l", "m", "n", "t", "up", "down", "dev", "name", "type", "master"),
    *("address", "mtu", "netns", "help", "group", "txqlen", "link", "alias", "index", "arp", "vf"),
)


def test_links_may_be_called_by_words_of_ip(tmp_path: Path) -> None:
    lab = Lab("words")
    for number, word in enumerate(WORDS):
        bridge = lab.bridge(word, subnet=f"10.0.{number}.0/24")
        lab.port(bridge, f"{word}.node", word)
    with by_script(script(lab.resolve()), tmp_path):
        pass


def test_other_names_of_links_stand_alone() -> None:
    assert [dev(word) for word in ("lan", "eth0", "brx", "$x")] == ["lan", "eth0", "brx", "'$x'"]
    assert [dev(word) for word in ("br", "dev", "mtu")] == ["dev br", "dev dev", "dev mtu"]


def in_sandbox(folder: Path, script_text: str, commands: str) -> list[str]:
    """Run commands where the script is `lab.sh`; give what they print."""
    (folder / "lab.sh").write_text(script_text)
    inside = f"cd {folder}; mount -t tmpfs tmpfs /run; {commands}"
    flags = ["-rnm"] if os.geteuid() == 0 else ["-Urnm"]
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run(
        ["unshare", *flags, "sh", "-c", inside],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
        timeout=30,
    )
    return done.stdout.split()


LIST = "ip netns list | sort | cut -d' ' -f1; echo $code"


def pair() -> str:
    lab = Lab("pa.ir")
    for node in ("a", "b", "c"):
        lab.node(node)
    lab.cable("a", "b", subnet="10.0.0.0/30")
    return script(lab.resolve())


@pytest.mark.parametrize(
    ("commands", "left"),
    [
        ("sh lab.sh", ["a", "b", "c", "0"]),
        ("sh lab.sh && sh lab.sh down", ["0"]),
        ("sh lab.sh down", ["0"]),
        ("sh lab.sh up; sh lab.sh down now", ["2"]),
        ("sh lab.sh; sh lab.sh Down", ["a", "b", "c", "2"]),
        ("ip netns add b; sh lab.sh down", ["b", "0"]),  # not the script's
        ("sh lab.sh; ip netns delete b; sh lab.sh down", ["0"]),
        ("sh lab.sh; ip netns delete b; ip netns add b; sh lab.sh down", ["b", "0"]),
        (
            "sed 's/alias nslab:pa.ir;/alias nslab:paxir;/' lab.sh >x; sh x; sh lab.sh down",
            ["a", "b", "c", "0"],
        ),
        ("ip netns add b; sh lab.sh", ["b", "1"]),  # a is taken back, b was there before
        ("sh lab.sh; sh lab.sh", ["a", "b", "c", "1"]),
        ("sed 's/^ip -n b .*up$/kill -INT $$/' lab.sh >broken; sh broken", ["1"]),
    ],
)
def test_it_takes_away_what_it_made_and_nothing_else(
    tmp_path: Path, commands: str, left: list[str]
) -> None:
    assert in_sandbox(tmp_path, pair(), f"{commands}; code=$?; {LIST}") == left
