"""Labs on a kernel whose IPv6 is turned off (`ipv6.disable=1`), in User Mode Linux."""

from __future__ import annotations

import os
import shlex
import sys

import pytest

from tests.uml import machine

LAB = """
import os
from nslab import Lab, diff, up
assert not os.path.exists("/proc/sys/net/ipv6")
lab = Lab("old")
lan = lab.bridge("lan", subnet="10.0.0.0/24")
lab.node("pc", on=lan, routes=[{"dst": "default", "via": "10.0.0.2"}])
lab.node("gw", on=lan, forward=True)
lab.node("far", routes=[{"dst": "default", "via": "10.0.1.1"}])
lab.cable("gw", "far", subnet="10.0.1.0/30")
with up(lab) as running:
    assert running.ping().ok, running.ping().broken
    assert not running.drift(), running.drift()
    assert not diff(lab)
    print(running.observed().nodes[1].forward)
"""


def test_a_lab_comes_up_without_ipv6() -> None:
    if not machine.found():
        pytest.skip("User Mode Linux is not installed (Debian's package user-mode-linux)")
    path = os.pathsep.join(filter(None, sys.path))
    command = shlex.join(["env", f"PYTHONPATH={path}", sys.executable, "-B", "-c", LAB])
    status, output = machine.run(command, 60, "NSLAB_NO_IPV6=1")
    assert status == 0, output
    assert output == "True\n"
