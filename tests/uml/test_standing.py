"""A machine whose kernel puts links of its own into each netns: modules of tunnels are loaded."""

from __future__ import annotations

import subprocess

from nslab import Lab, up
from nslab.kernel.sockets import open_socket
from nslab.kernel.transport import Transport
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link


def lab_of(count: int) -> Lab:
    lab = Lab("stands")
    lan = lab.bridge("lan", subnet="10.0.0.0/24", uplink=True)
    for number in range(count):
        lab.node(f"n{number}", on=lan)
    lab.cable("n0", "n1", subnet="10.1.0.0/30")
    return lab


def names() -> set[str | None]:
    with Transport(open_socket()) as transport:
        return {link.ifname for link in transport.dump(Request(RTM.GETLINK, Link()), Link)}


def test_labs_come_up_and_change_and_nothing_is_drift() -> None:
    for module in ("ipip", "sit", "ip_gre"):
        subprocess.run(["/run/uml/modprobe", module], check=True)
    assert {"tunl0", "sit0", "gre0"} <= names()  # the kernel does so, or nothing is shown here
    with up(lab_of(3), uplink="none") as running:
        assert running.ping().ok
        assert not running.drift()
        assert running.observed() == lab_of(3).resolve()
        said = running["n0"].run(["ls", "/sys/class/net"], capture_output=True, text=True)
        assert "sit0" in said.stdout
        up(lab_of(5), uplink="none")
        assert running.ping().ok
        assert not running.drift()
