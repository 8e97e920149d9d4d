"""A machine that is only played: the netns and the /run of a test's forked child."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.kernel.procfs import start_time
from nslab.kernel.sandbox import running
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    from nslab import Running

KEPT = ("ifname", "address", "mtu", "flags", "promiscuity", "allmulti", "master", "ifalias")
PASSING = ("LOWER_UP", "NO-CARRIER")


def ip(*words: str) -> str:
    """Run the real `ip`; it must end well."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def reaches(address: str, *, of: str = "") -> bool:
    """Ping from the machine itself, or from one of its named netns."""
    enter = ["ip", "netns", "exec", of] if of else []
    command = [*enter, "ping", "-c1", "-W1", address]
    return eventually(
        lambda: subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def facts() -> dict[str, object]:
    """Give what a lab must leave as it found it."""
    links = json.loads(ip("-j", "-d", "link", "show"))
    for link in links:
        link["flags"] = [flag for flag in link["flags"] if flag not in PASSING]
    found: dict[str, object] = {"links": [{k: x.get(k) for k in KEPT} for x in links]}
    found["addresses"] = addresses()
    found["rules"] = ip("rule", "show")
    found["run"] = files("/run")
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    found["mounts"] = [line.split()[4] for line in mounts]
    if shutil.which("nft"):
        listed = subprocess.run(["nft", "list", "ruleset"], capture_output=True, check=True)
        found["nft"] = listed.stdout
    command = ["sysctl", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]
    found["sysctls"] = subprocess.run(command, capture_output=True, check=False).stdout
    return found


def addresses() -> list[tuple[str, str]]:
    """Give the addresses of the machine's links; IPv6's own come and go with carriers."""
    return [
        (link["ifname"], item["local"])
        for link in json.loads(ip("-j", "address", "show"))
        for item in link["addr_info"]
        if item["scope"] != "link"
    ]


def files(path: str) -> list[str]:
    """List everything below a directory, links with their texts."""
    found = sorted(Path(path).rglob("*"))
    return [f"{one} -> {one.readlink()}" if one.is_symlink() else str(one) for one in found]


def none_runs() -> bool:
    """Tell whether no lab runs; the address of one that has just ended may stay a moment."""
    return eventually(lambda: running() == [])


def kill_holder(lab: Running) -> None:
    """End a lab as nobody should."""
    os.kill(lab.pid, signal.SIGKILL)
    assert eventually(lambda: start_time(lab.pid) == 0)
