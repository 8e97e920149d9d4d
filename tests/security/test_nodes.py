"""What a process in a node reaches: its lab, its user's files, and of the machine no network."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, loads, up
from nslab.kernel.sandbox import running as running_labs
from tests.kernel.labs import eventually
from tests.kernel.sandboxed import sandboxed
from tests.security.other import asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab import Running

TRY = """
import json, os, socket, sys, time
def tried(function):
    try:
        return repr(function())
    except OSError as error:
        return type(error).__name__
def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(3)
        return sock.connect(address)
def netns():
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for folder in ("ns", "fd"):
            try:
                names = os.listdir(f"/proc/{pid}/{folder}")
            except OSError:
                continue
            for name in names:
                try:
                    if "net:[" in os.readlink(f"/proc/{pid}/{folder}/{name}"):
                        found.add(os.stat(f"/proc/{pid}/{folder}/{name}").st_ino)
                except OSError:
                    pass
    return sorted(found)
said = json.loads(sys.argv[1])
print(json.dumps({
    "loopback": tried(lambda: connect(socket.AF_INET, ("127.0.0.1", said["port"]))),
    "loopback6": tried(lambda: connect(socket.AF_INET6, ("::1", said["port"]))),
    "abstract": tried(lambda: connect(socket.AF_UNIX, chr(0) + said["abstract"])),
    "holder": tried(lambda: connect(socket.AF_UNIX, chr(0) + said["holder"])),
    "netns": netns(),
    "pids": sorted(map(int, filter(str.isdigit, os.listdir("/proc")))),
    "uid": os.getuid(),
    "roots": tried(lambda: open(said["roots"], "a").close()),
    "mine": tried(lambda: open(said["mine"], "a").write("from the node") and None),
    "hostname": tried(lambda: socket.sethostname("pwned")),
    "holder's memory": tried(lambda: os.close(os.open("/proc/1/mem", os.O_RDWR))),
    "kernel": tried(lambda: os.close(os.open("/proc/sys/kernel/panic", os.O_WRONLY))),
    "clock": said["plain"] and tried(lambda: time.clock_settime(0, time.time())),
    "device": said["plain"] and tried(lambda: os.mknod(said["mine"] + ".dev", 0o060600, 2048)),
}))
"""
KEPT: list[object] = []


def seen_from_a_node(folder: str) -> dict[str, object]:
    """Bring up a lab, have a process in a node try everything; give what came of it."""
    lab = Lab(f"reach-{os.getuid()}")
    lab.cable("a", "b", subnet="10.0.0.0/30")
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    server6 = socket.create_server(("::1", port), family=socket.AF_INET6)
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0host-{os.getpid()}")
    abstract.listen()
    mine = f"{folder}/mine-{os.getuid()}"
    said = {
        "port": port,
        "abstract": f"host-{os.getpid()}",
        "holder": f"nslab.{os.getuid()}.{lab.name}",
        "roots": f"{folder}/roots",
        "mine": mine,
        "plain": os.getuid() != 0,
    }
    with server, server6, abstract, up(lab) as running:
        socket.create_connection(("127.0.0.1", port), 3).close()  # from here it can be reached
        words = [sys.executable, "-c", TRY, json.dumps(said)]
        done = running["a"].run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        found["own netns"] = sorted(netns_of(running))
    found["machine's netns"] = os.stat("/proc/self/ns/net").st_ino  # noqa: PTH116
    found["hostname here"] = socket.gethostname()
    found["written"] = Path(mine).read_text()
    return found


def netns_of(running: Running) -> list[int]:
    """Give the inode numbers of a lab's netns."""
    with running.open() as sandbox:
        return [os.fstat(sandbox.handle(name).fd).st_ino for name in sandbox.names()]


def prepared(folder: Path) -> str:
    """Make a folder for all, with a file of root's alone in it; have a loopback."""
    folder.chmod(0o777)
    for above in folder.parents[:-2]:
        above.chmod(0o755)
    (folder / "roots").write_text("")
    "localhost".encode("idna")  # loaded while Python's own files can be read
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return str(folder)


def no_network_of_the_machine(found: dict[str, object]) -> None:
    for what in ("loopback", "loopback6", "abstract", "holder"):
        assert found[what] in ("ConnectionRefusedError", "OSError"), what
    assert found["machine's netns"] not in (reached := found["netns"])  # type: ignore[operator]
    assert set(reached) <= set(found["own netns"])  # type: ignore[call-overload]
    assert "pwned" not in str(found["hostname here"])
    assert len(found["pids"]) <= 4  # type: ignore[arg-type] # the holder, itself: no others
    assert found["written"] == "from the node"  # files are shared
    assert found["holder's memory"] == "None"  # it is the lab's own


@sandboxed
def test_a_process_of_a_plain_user_reaches_no_more_than_its_user(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    said = asked(lambda: json.dumps(seen_from_a_node(folder)), 65534)
    assert said.startswith(("'{", '"{')), said
    found: dict[str, object] = json.loads(ast.literal_eval(said))
    no_network_of_the_machine(found)
    assert found["uid"] == 0  # in the lab it is root, to the machine its user:
    assert found["roots"] == "PermissionError"
    for what in ("kernel", "clock", "device"):
        assert found[what] == "PermissionError", what


@sandboxed
def test_a_process_in_a_lab_of_roots_reaches_no_network_of_the_machine(tmp_path: Path) -> None:
    if os.getuid() != 0 or Path("/proc/self/uid_map").read_text().split()[2] != "4294967295":
        pytest.skip("only root can be root")
    found = seen_from_a_node(prepared(tmp_path))
    no_network_of_the_machine(found)
    assert found["roots"] == "None"  # it is root on the machine's files, too


@sandboxed
def test_what_changes_the_machine_is_refused_to_a_plain_user() -> None:
    def tell(act: Callable[[], object]) -> str:
        return asked(act, 65534)

    host = loads("name: h\nbridges: {lan: {host: br0, ports: [a]}}")
    led = loads("name: h\nbridges: {lan: {uplink: true, subnet: 10.0.0.0/24, ports: [a]}}")
    assert "root" in tell(lambda: up(host))
    assert "root" in tell(lambda: up(led, uplink="kernel"))
    assert tell(lambda: up(loads("name: h\nnodes: {a: }"), host=True)).startswith("PrivilegeError")
    assert tell(running_labs) == "[]"


@pytest.mark.kernel
@pytest.mark.usefixtures("able")
@pytest.mark.parametrize("act", ["kill -9 -1", "umount -a", "mount -t tmpfs none /usr"])
def test_what_is_done_to_all_in_a_lab_is_done_to_no_others(name: str, act: str) -> None:
    lab = Lab(name)
    lab.node("a")
    mounts: Callable[[], list[str]] = lambda: Path("/proc/self/mountinfo").read_text().splitlines()  # noqa: E731
    before = mounts()
    with subprocess.Popen(["sleep", "60"]) as outsider:
        with up(lab) as running:
            running["a"].run(["sh", "-c", act], check=False, capture_output=True)
            assert running["a"].run(["true"], check=False).returncode == 0  # the holder lives
            assert outsider.poll() is None
        outsider.kill()
    assert eventually(lambda: mounts() == before)


@sandboxed
def test_a_link_out_of_the_lab_is_not_followed() -> None:
    lab = Lab(f"links-{os.getpid()}")
    lab.cable("a", "b", subnet="10.0.0.0/30")
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        with up(lab) as running:
            own = [f"net:[{inode}]" for inode in netns_of(running)]
            for target in (f"/proc/{os.getpid()}/fd/{outside}", "/proc/1/ns/net", "/proc/1/fd/0"):
                running["a"].run(["ln", "-sf", target, "/run/netns/b"], check=True)
                said = running["b"].run(
                    ["sh", "-c", "readlink /proc/self/ns/net; cat /sys/class/net/*/address"],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                inside, *addresses = said.stdout.split()
                assert inside == own[running_names(running).index("b")]
                assert len(addresses) == 2
    finally:
        os.close(outside)


def running_names(running: Running) -> list[str]:
    """Name a lab's netns, in the order of `netns_of`."""
    with running.open() as sandbox:
        return sandbox.names()
