"""The description of a machine by which tests judge names whatever has changed there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.kernel.sandboxed import sandboxed
from tests.state import difference, state

CHANGES = {
    "ip link add left type bridge": "network: gone [], new ['left: <BROADCAST,MULTICAST>",
    "ip address add 10.9.9.9/32 dev lo": "network: gone [], new ['lo inet 10.9.9.9/32",
    "ip link set lo promisc on": "promiscuity 1",
    "ip link set lo up": "local 127.0.0.1 dev lo table local",
    "ip rule add from 10.9.9.9 lookup 7": "from 10.9.9.9 lookup 7",
    "mount -t tmpfs left /mnt": "mounts: gone [], new ['left /mnt tmpfs",
    "touch /run/left": "files: gone [], new ['/run/left']",
    "ln -s nowhere /run/left": "files: gone [], new ['/run/left -> nowhere']",
    "sh -c 'sleep 3 & :'": "processes: gone [], new ['sleep N']",
    "sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'": "/ip_forward b'1'",
    "nft add table inet left": "nft: gone [], new ['table inet left {",
}


@pytest.mark.parametrize("command", CHANGES)
@sandboxed
def test_what_has_changed_is_named(command: str) -> None:
    if shutil.which("ip") is None or (command.startswith("nft") and shutil.which("nft") is None):
        pytest.skip("iproute2 or nft is not installed")
    before = state()
    assert not difference(before, state())
    subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.DEVNULL)
    assert CHANGES[command] in difference(before, state())
