"""The same lab by `up` and by the script of stock tools: equal in everything that `ip` shows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nslab import Lab, end, loads, up
from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox
from nslab.plan.script import script

pytestmark = pytest.mark.kernel
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
OBJECTS = (
    "link show",
    "address show",
    "route show table all",
    "-6 route show table all",
    "neigh show nud permanent",  # learnt ones come and go with router solicitations
)
SETTLING = {"valid_life_time", "preferred_life_time", "ifi_flags", "link_netnsid", "operstate"}


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    if shutil.which("ip") is None or shutil.which("sysctl") is None:
        pytest.skip("the script needs iproute2 and procps")
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


def dumps_of(run: list[str], names: list[str]) -> dict[str, object]:
    """Read every object of every netns, by a shell that stands beside the lab."""
    loop = "; ".join(f"ip -j -n {name} {words}" for name in names for words in OBJECTS)
    out = subprocess.run([*run, loop], capture_output=True, text=True, check=True).stdout
    keys = [f"{name} {words}" for name in names for words in OBJECTS]
    texts = [line for line in out.replace("][", "]\n[").splitlines() if line.strip()]
    found = {key: plain(json.loads(text)) for key, text in zip(keys, texts, strict=True)}
    return {key: ordered(value) if " route " in key else value for key, value in found.items()}


def ordered(routes: object) -> object:
    """Sort routes: the kernel lists those of two links in the order in which their carriers came."""
    assert isinstance(routes, list)
    return sorted(routes, key=lambda route: json.dumps(route, sort_keys=True))


def plain(value: object) -> object:
    """Leave out what differs from one moment to the next."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in SETTLING}
    return [plain(item) for item in value] if isinstance(value, list) else value


def by_script(text: str, names: list[str], folder: Path) -> dict[str, object]:
    path = folder / "lab.sh"
    path.write_text(text)
    inside = f"mount -t tmpfs tmpfs /run && sh {path} && sleep 3 && eval"
    shell = ["unshare", "-Urnm", "sh", "-c", f'{inside} "$0"']
    return dumps_of(shell, names)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_script_and_up_build_the_same(path: Path, tmp_path: Path) -> None:
    lab = loads(path.read_text(), name=path.stem)
    desired = lab.resolve()
    names = [*(bridge.name for bridge in desired.bridges), *(node.name for node in desired.nodes)]
    expected = by_script(script(desired), names, tmp_path)
    with up(lab) as running:
        running[names[0]].run(["sleep", "3"])
        found = dumps_of(
            ["nsenter", "-t", str(running.pid), "-U", "-m", "-n", "--preserve-credentials"]
            * (os.geteuid() != 0)
            + ["nsenter", "-t", str(running.pid), "-m", "-n"] * (os.geteuid() == 0)
            + ["sh", "-c"],
            names,
        )
    assert {k: v for k, v in found.items() if v != expected[k]} == {
        k: v for k, v in expected.items() if v != found[k]
    }


def test_names_are_quoted_for_the_shell() -> None:
    lab = Lab("quoted")
    lab.node("a")
    lab.cable(end("a", "$(reboot)"), end("b", "x;y"), subnet="10.0.0.0/30")
    text = script(lab.resolve())
    assert "'$(reboot)'" in text
    assert "'x;y'" in text
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
