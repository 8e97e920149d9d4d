"""`nslab doctor`."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, NoReturn

import pytest

from nslab.cli import main
from nslab.cli.checks import machine as machine_checks
from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox
from nslab.plan.costs import CABLE, NETNS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.machine import Machine


@pytest.mark.kernel
def test_it_says_what_is_true_here(machine: Machine) -> None:
    said = machine.run("doctor", "-j")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert found.pop("possible") is True
    assert list(found) == ["labs", "links", "queues and rules", "programs", "limits"]
    checks = {one["name"]: one for group in found.values() for one in group}
    assert all(checks[name]["ok"] for name in ("kernel", "sandbox", "veth", "bridge"))
    assert all(one["ok"] or one["remedy"] for one in checks.values())
    assert not any(one["ok"] and one["remedy"] for one in checks.values())
    assert checks["dummy"]["ok"] == kernel_makes("dummy")
    assert checks["vxlan"]["ok"] == kernel_makes("vxlan")
    assert machine.labs() == []


def kernel_makes(kind: str) -> bool:
    """Ask iproute2 whether the kernel knows a kind of link."""
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "-rn"]
    extra = ["id", "1"] if kind == "vxlan" else []
    command = [*apart, "ip", "link", "add", "probe", "type", kind, *extra]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.kernel
def test_it_reads_well(machine: Machine) -> None:
    lines = machine.run("doctor").out.splitlines()
    assert lines[0] == "labs"
    assert lines[-1].startswith("Labs are possible here")
    rows = [line for line in lines if line.startswith("  ")]
    assert {row[2:6] for row in rows} <= {"yes ", "no  "}


def test_where_no_lab_is_possible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: str) -> NoReturn:
        raise PrivilegeError("this machine does not let user 7 do it", hint="`sudo sysctl …`")

    monkeypatch.setattr(Sandbox, "start", refuse)
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert "no  sandbox" in told
    assert "this machine does not let user 7 do it: `sudo sysctl …`" in told
    assert told.endswith("No lab is possible here until the sandbox is.\n")


@pytest.mark.parametrize("mode", [0o666, 0o600, 0o660])
def test_the_mode_of_tun(mode: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    device = tmp_path / "tun"
    monkeypatch.setattr(machine_checks, "_TUN", device)
    assert machine_checks.tun().remedy == "`sudo modprobe tun`"
    device.touch()
    device.chmod(mode)
    found = machine_checks.tun()
    assert found.ok == (mode == 0o666)
    assert ("chmod 0666" in found.remedy) == (mode != 0o666)


def test_limits_that_bite(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"/proc/sys/user/max_net_namespaces": "3", "/proc/sys/kernel/pid_max": "400"}
    said["/proc/sys/net/ipv4/neigh/default/gc_thresh3"] = "1024"
    said["/proc/sys/net/core/netdev_max_backlog"] = "300"
    said["/proc/sys/fs/inotify/max_user_instances"] = "128"
    said["/proc/sys/net/netfilter/nf_conntrack_max"] = "16384"
    monkeypatch.setattr(machine_checks, "memory", lambda: 3 * (NETNS + CABLE))
    monkeypatch.setattr(machine_checks, "read_switch", said.get)
    monkeypatch.setattr("resource.getrlimit", lambda _: (100, 100))
    checks = {check.name: check for check in machine_checks.limits()}
    assert not any(check.ok for check in checks.values())
    assert checks["neighbours"].detail.startswith("1,024, enough for all pairs of 32 nodes")
    assert checks["processes"].detail == "100"
    assert "ulimit -Hn" in checks["open files"].remedy
    assert checks["memory"].detail.startswith("enough for about 3 nodes")
    assert checks["floods"].remedy == "`sudo sysctl -w net.core.netdev_max_backlog=1000`"
    assert checks["inotify"].detail.startswith("128 for each user")
    assert checks["connections"].detail.startswith("16,384 through each netns")
    del said["/proc/sys/net/ipv4/neigh/default/gc_thresh3"]
    assert "neighbours" not in {check.name for check in machine_checks.limits()}
