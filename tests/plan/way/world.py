"""A played machine and a played internet, for what leaves a lab.

A test runs in a child with its own network, mount and PID namespaces: that is the machine. Its
`eth0` leads to the internet, another netns with a router's address, servers and a resolver. nslab
runs on the machine as a command, as root or as a plain user.

    internet 192.0.2.1/24 2001:db8::1/64 --- eth0 192.0.2.2/24 2001:db8::2/64 the machine
             198.51.100.1  2001:db8:1::1
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nslab
from nslab.ip import program
from nslab.kernel import libc
from nslab.kernel.procfs import process_name
from tests.kernel.sandboxed import NOBODY, sandboxed
from tests.state import processes, state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.state import MachineState

MACHINE4, MACHINE6 = "192.0.2.2", "2001:db8::2"
ROUTER4, ROUTER6 = "192.0.2.1", "2001:db8::1"
FAR4, FAR6 = "198.51.100.1", "2001:db8:1::1"
_PACKAGE = Path(nslab.__file__).parents[1]
_CLIENT = """
import socket, sys
host, port, protocol, text = sys.argv[1:5]
kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
family, _, _, _, where = socket.getaddrinfo(host, int(port), type=kind)[0]
with socket.socket(family, kind) as sock:
    sock.settimeout(3)
    sock.connect(where)
    sock.send(text.encode())
    print(sock.recv(4096).decode(), end="")
"""
_KILLED = """
import os, signal
from nslab import load, up
from nslab.kernel.sandbox import Sandbox

steps = []

def watch(step):
    steps.append(step)
    if len(steps) > {after}:
        os.kill(os.getpid(), signal.SIGKILL)

up(load({path!r}), watch=watch)
"""
SERVER = """
import sys, threading
sys.path[:0] = [{package!r}]
from tests.plan.way.servers import serve
serve({ports!r})
print("ready", flush=True)
threading.Event().wait()
"""


class World:
    """The machine; `nslab` runs the command on it, as `user` says."""

    def __init__(self, folder: Path, *, user: bool) -> None:
        self.folder = folder
        self.user = user
        self.internet = -1
        self.children: list[subprocess.Popen[str]] = []

    def nslab(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command and give what it said."""
        done = subprocess.run(
            self._command(words), capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode and "/dev/net/tun open to this user" in done.stderr and shut_out():
            pytest.skip("/dev/net/tun is shut to this user")
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def up(self, lab: Mapping[str, object], *options: str) -> str:
        """Bring a lab up; give what was said."""
        path = self.folder / f"{lab['name']}.json"
        path.write_text(json.dumps(lab))
        return self.nslab("up", str(path), *options).stdout

    def ask(
        self,
        node: str,
        host: str,
        port: int,
        protocol: str = "tcp",
        text: str = "hello",
        *,
        lab: str | None = None,
    ) -> str:
        """Connect from a node to a server of the played kind; give its answer, or the error."""
        words = ("-c", _CLIENT, host, str(port), protocol, text)
        which = ("-l", lab) if lab else ()
        done = self.nslab("exec", *which, node, self._python(), *words, check=False)
        return done.stdout or done.stderr.strip().rpartition("\n")[2]

    def serve(self, node: str, *ports: str, lab: str | None = None) -> None:
        """Start servers in a node: `tcp/80`, `udp/53`."""
        code = SERVER.format(package=str(Path(__file__).parents[3]), ports=ports)
        which = ("-l", lab) if lab else ()
        words = self._command(("exec", *which, node, self._python(), "-c", code))
        child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"

    def from_internet(self, host: str, port: int, protocol: str = "tcp") -> str:
        """Connect from the internet; give the answer, or the error."""
        return self._in(self.internet, lambda: connect(host, port, protocol))

    def connected_from_internet(self, host: str, port: int) -> socket.socket:
        """Give a TCP connection from the internet."""
        found: list[socket.socket] = []
        self._in(self.internet, lambda: found.append(socket.create_connection((host, port), 3)))
        return found[0]

    def kill(self, words: str) -> None:
        """End the programs beside labs whose command has these words."""
        for pid, command in processes().items():
            if words in command:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)

    def await_rules(self, words: str) -> None:
        """Wait until nft lists something."""
        deadline = time.monotonic() + 5
        while words not in "\n".join(state()["nft"]):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def await_end(self, pid: int, lab: str) -> None:
        """Wait until a holder and all that it kept is gone."""
        deadline = time.monotonic() + 5
        while process_name(pid) or self._of(lab):
            assert time.monotonic() < deadline, self._of(lab)
            time.sleep(0.02)

    def _of(self, lab: str) -> list[str]:
        commands = [text for text in processes().values() if f" {lab} " in text or "relay" in text]
        return [*commands, *(name for name in self._links() if name.endswith(lab))]

    def _links(self) -> list[str]:
        found = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True)
        names = [link["ifname"] for link in json.loads(found.stdout)]
        return [name for name in names if name not in ("lo", "eth0")]

    def killed_up(self, path: Path, *, after: int) -> None:
        """Bring a lab up in a process that is killed, with its holder, after so many steps."""
        code = _KILLED.format(path=str(path), after=after)
        words = self._command([])
        place = words.index("-m")
        done = subprocess.run([*words[:place], "-c", code], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        self.await_end(0, path.stem)

    def in_internet(self, *words: str) -> None:
        """Run `ip` in the internet."""
        self._in(self.internet, lambda: ip(*words))

    def state(self) -> MachineState:
        """Give everything of the machine that a lab could change or leave behind."""
        return state()

    def leave(self) -> None:
        """End what was started beside labs."""
        for child in self.children:
            child.kill()
            child.wait()

    def _in(self, netns: int, function: Callable[[], str | None]) -> str:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(_inside, netns, function).result() or ""

    def _python(self) -> str:
        return python_for_all() if self.user else sys.executable

    def _command(self, words: Sequence[str]) -> list[str]:
        path = os.pathsep.join([str(_PACKAGE), *(p for p in sys.path if "site-packages" in p)])
        variables = [f"PYTHONPATH={path}", "HOME=/tmp", f"PATH={os.environ['PATH']}:/usr/sbin"]
        command = ["env", *variables, self._python(), "-m", "nslab", *words]
        if not self.user:
            return command
        ids = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        return ["setpriv", *ids, *command]


def connect(host: str, port: int, protocol: str = "tcp", text: str = "hello") -> str:
    """Ask a server of the played kind, from where the caller is."""
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as sock:
        sock.settimeout(3)
        try:
            sock.connect((host, port))
            sock.send(text.encode())
            return sock.recv(4096).decode()
        except OSError as error:
            return f"{type(error).__name__}"


def in_world(*, user: bool = False) -> Callable[[Callable[[World], None]], Callable[[], None]]:
    """Run a test on a played machine; `user` says that nslab is run by a plain user."""

    def decorate(test: Callable[[World], None]) -> Callable[[], None]:
        @sandboxed
        def run() -> None:
            need(user=user)
            with tempfile.TemporaryDirectory(dir="/tmp") as folder:
                Path(folder).chmod(0o755)
                world = World(Path(folder), user=user)
                try:
                    build(world, serve_beside)
                    test(world)
                finally:
                    world.nslab("down", "--all", check=False)
                    world.leave()

        run.__name__ = test.__name__
        functools.update_wrapper(run, test, assigned=("__name__", "__qualname__", "__doc__"))
        run.__dict__.pop("__wrapped__", None)
        return run

    return decorate


def ip(*words: str) -> None:
    """Run our own `ip` here."""
    assert program.run("ip", list(words)) == 0, words


def need(*, user: bool) -> None:
    needed = ["nft", "ip", *(["pasta", "setpriv"] if user else [])]
    for name in needed:
        if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            pytest.skip(f"{name} is not installed")
    if user and Path("/proc/self/uid_map").read_text().split()[2] != "4294967295":
        pytest.skip("only root can play a plain user")
    if user and not python_for_all():
        pytest.skip("no Python here is for all users")


def shut_out() -> bool:
    """Tell whether this user may not make taps, as pasta does."""
    return not os.access("/dev/net/tun", os.R_OK | os.W_OK)


@functools.cache
def python_for_all() -> str:
    """Find a Python of this version that a plain user may run."""
    for name in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
        command = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        words = [*command, "env", name, "-c", code]  # by then no capability is left to help
        done = subprocess.run(words, capture_output=True, check=False)
        if done.returncode == 0:
            return name
    return ""


def build(world: World, serve: Callable[[World], None]) -> None:
    """Make the machine and the internet here; `serve` starts what answers there."""
    os.environ["PATH"] += ":/usr/sbin"
    _open_tun()
    for key in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{key}/accept_dad").write_text("0")
    world.internet = _make_netns()
    ip("link", "set", "lo", "up")
    fd = f"/proc/{os.getpid()}/fd/{world.internet}"
    # where both ends have one ifindex, the kernel may take a second to call them ready for IPv6
    peer = ("peer", "name", "eth0", "index", "200", "netns", fd)
    ip("link", "add", "eth0", "index", "100", "type", "veth", *peer)
    ip("link", "set", "eth0", "up")
    ip("address", "add", f"{MACHINE4}/24", "dev", "eth0")
    ip("address", "add", f"{MACHINE6}/64", "dev", "eth0", "nodad")
    serve(world)
    ip("route", "add", "default", "via", ROUTER4)
    ip("-6", "route", "add", "default", "via", ROUTER6)


def serve_beside(world: World) -> None:
    """Serve the internet by threads of this process."""
    world._in(world.internet, _furnish_internet)


def serve_apart(world: World) -> None:
    """Serve the internet by a process of its own, which this one may fork and count without."""
    readable, writable = os.pipe()
    left, held = os.pipe()
    if os.fork() == 0:
        try:
            os.close(held)
            _inside(world.internet, _furnish_internet)
            os.write(writable, b"!")
            os.read(left, 1)  # until whoever holds the other end has ended, be it another user
        finally:
            os._exit(1)
    os.close(writable)
    os.close(left)
    assert os.read(readable, 1), "the internet does not answer"
    os.close(readable)


def _furnish_internet() -> None:
    from tests.plan.way.servers import serve

    for words in (
        f"address add {ROUTER4}/24 dev eth0",
        f"address add {ROUTER6}/64 dev eth0 nodad",
        f"address add {FAR4}/32 dev lo",
        f"address add {FAR6}/128 dev lo nodad",
        "link set lo up",
        "link set eth0 up",
    ):
        ip(*words.split())
    serve(("tcp/80", "udp/7", "dns/53"), (FAR4, FAR6))


def _make_netns() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_new_netns).result()


def _new_netns() -> int:
    libc.unshare(libc.CLONE_NEWNET)
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _inside(netns: int, function: Callable[[], str | None]) -> str | None:
    libc.setns(netns, libc.CLONE_NEWNET)
    return function()


def _open_tun() -> None:
    """Let any user open /dev/net/tun, as distributions do; seen in this mount namespace alone."""
    tun = Path("/dev/net/tun")
    if not tun.exists() or tun.stat().st_mode & 0o006 or not os.access(tun, os.R_OK | os.W_OK):
        return
    try:
        libc.mount("tmpfs", "/dev/net", "tmpfs", libc.MS_NOSUID)
        os.mknod("/dev/net/tun", 0o020666, os.makedev(10, 200))
        Path("/dev/net/tun").chmod(0o666)
    except OSError:
        return
