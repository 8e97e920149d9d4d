"""The field: who runs, how each is started, and why one cannot run here."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import machine

if TYPE_CHECKING:
    from collections.abc import Callable

BENCH = Path(__file__).resolve().parent
CONTESTANTS = BENCH / "contestants"
BUILD = BENCH / "build"
VENV = BENCH / ".venv"
DEBIAN_PYTHON = "/usr/bin/python3"
PROBE = CONTESTANTS / "probe.py"

APART = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
"""What puts a command into fresh namespaces."""

SANDBOX = """
mount -t tmpfs tmpfs /run
mkdir /run/netns
mount -t sysfs sysfs /sys
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
"$@"
"""
"""Run in fresh namespaces before a peer: its names, links and settings stay in there. The sysctls
are read-only because some of those that Mininet raises are the whole machine's."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to make the star.

    Attributes:
        key: its name on the command line and in the results.
        title: its name in the tables.
        source: the file that does the work; its head comment is shown in the report.
        python: the interpreter that runs it; None for a program of its own.
        sandboxed: whether it is put into a sandbox by us (nslab and the floor make their own).
        slow: whether it runs fewer rounds of large stars.
        obstacle: says why it cannot run here, or None; may install what is missing.
        version: says which version would run.
    """

    key: str
    title: str
    source: Path
    python: str | None
    sandboxed: bool
    slow: bool
    obstacle: Callable[[], str | None]
    version: Callable[[], str]

    def command(self, nodes: int, *, check: bool) -> list[str]:
        """Give the command that runs it once, without the sandbox."""
        if self.python is None:
            probe = [sys.executable, str(PROBE)] if check else []
            return [str(BUILD / self.key), str(nodes), *probe]
        return [self.python, str(self.source), str(nodes), *(["--check"] if check else [])]

    def full_command(self, nodes: int, *, check: bool) -> list[str]:
        """Give the command that runs it once, in a sandbox if it needs one."""
        command = self.command(nodes, check=check)
        if not self.sandboxed:
            return command
        return sandboxed(command)

    def description(self) -> str:
        """Give what the source says of itself: a module's docstring or a C file's head comment."""
        text = self.source.read_text()
        if self.source.suffix == ".py":
            return ast.get_docstring(ast.parse(text)) or ""
        head = text.partition("/*")[2].partition("*/")[0]
        return re.sub(r"^ \* ?", "", head, flags=re.MULTILINE).partition("\n\n")[0].strip()


def sandboxed(command: list[str]) -> list[str]:
    """Put a command into a sandbox of its own."""
    return [*APART, "sh", "-ec", SANDBOX, "sh", *command]


def needs_root() -> str | None:
    """Say that a peer needs root, if we are not."""
    missing = [tool for tool in ("unshare", "mount") if shutil.which(tool) is None]
    if os.geteuid() != 0:
        return "it needs root"
    return f"its sandbox needs the program {missing[0]} (util-linux)" if missing else None


def compile_floor() -> str | None:
    """Compile the floor."""
    return compiled("floor")


def compiled(name: str) -> str | None:
    """Compile a program of ours; say why that cannot be done, if so."""
    if shutil.which("cc") is None:
        return "there is no C compiler (cc)"
    BUILD.mkdir(exist_ok=True)
    source, target = BENCH / f"{name}.c", BUILD / name
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return None
    done = subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"it does not compile: {done.stderr.strip()}" if done.returncode else None


def can_import(python: str, name: str) -> bool:
    """Tell whether an interpreter finds a module."""
    if shutil.which(python) is None:
        return False
    command = [python, "-c", f"import {name}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def version_of(python: str, package: str) -> str:
    """Give the installed version of a Python package, and the interpreter's."""
    code = (
        "import importlib.metadata as m, platform as p, sys;"
        "print(m.version(sys.argv[1]) + ', Python ' + p.python_version())"
    )
    return machine.output(python, "-c", code, package) or "unknown"


def no_iproute2() -> str | None:
    """Say why `ip` cannot run."""
    return needs_root() or (None if shutil.which("ip") else "iproute2 is not installed")


def install_pyroute2() -> str | None:
    """Put pyroute2 into an environment of its own, if it is not there."""
    python = str(VENV / "bin/python")
    if obstacle := needs_root():
        return obstacle
    if can_import(python, "pyroute2"):
        return None
    venv.create(VENV, with_pip=True)
    install = [python, "-m", "pip", "install", "--quiet", "pyroute2"]
    done = subprocess.run(install, check=False, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"pyroute2 could not be installed: {last}"
    return None


def no_mininet() -> str | None:
    """Say why Mininet cannot run."""
    if obstacle := needs_root():
        return obstacle
    if not can_import(DEBIAN_PYTHON, "mininet.net"):
        return "Mininet is not installed (bench/README.md says how)"
    missing = [tool for tool in ("brctl", "ifconfig", "mnexec") if shutil.which(tool) is None]
    return f"it needs the program {missing[0]}" if missing else None


def mininet_version() -> str:
    """Give Mininet's version, and the interpreter's."""
    code = (
        "import mininet.net as n, platform as p;print(n.VERSION + ', Python ' + p.python_version())"
    )
    return machine.output(DEBIAN_PYTHON, "-c", code) or "unknown"


def no_library(python: str) -> str | None:
    """Say why nslab's library cannot run."""
    if not can_import(python, "nslab; nslab.Lab; nslab.up"):
        return "nslab cannot be imported (make installs it; --python names another interpreter)"
    return None


def no_command(python: str) -> str | None:
    """Say why nslab's command cannot run."""
    installed = os.access(Path(python).with_name("nslab"), os.X_OK)
    return None if installed else "the command nslab is not installed beside the interpreter"


def no_commands(python: str) -> str | None:
    """Say why whole commands cannot be compared."""
    return no_iproute2() or no_command(python)


def commands(python: str, rounds: int) -> list[str]:
    """Give the command that compares whole commands."""
    nslab = str(Path(python).with_name("nslab"))
    return sandboxed([sys.executable, str(BENCH / "commands.py"), nslab, python, str(rounds)])


def no_uplink(python: str) -> str | None:
    """Say why the ways out cannot be compared."""
    needed = {"unshare": "util-linux", "taskset": "util-linux", "nft": "nftables", "pasta": "passt"}
    missing = [
        f"the program {name} ({it})" for name, it in needed.items() if not shutil.which(name)
    ]
    lack = f"it needs {', '.join(missing)}" if missing else None
    return no_iproute2() or no_command(python) or lack or compiled("traffic")


def uplink(python: str, rounds: int) -> list[str]:
    """Give the command that compares the ways out; it makes its own sandboxes."""
    nslab = str(Path(python).with_name("nslab"))
    return [sys.executable, str(BENCH / "uplink.py"), nslab, str(BUILD / "traffic"), str(rounds)]


def iproute2_version() -> str:
    """Give iproute2's version."""
    found = re.search(r"iproute2-([^\s,]+)", machine.output("ip", "-V"))
    return found[1] if found else "unknown"


def ours(key: str, title: str, python: str, obstacle: Callable[[str], str | None]) -> Contestant:
    """Make one of nslab's own entries."""
    source = CONTESTANTS / f"{key.replace('-', '_')}.py"
    return Contestant(
        key,
        title,
        source,
        python,
        sandboxed=False,
        slow=False,
        obstacle=lambda: obstacle(python),
        version=lambda: version_of(python, "nslab"),
    )


def peer(
    key: str,
    title: str,
    python: str,
    obstacle: Callable[[], str | None],
    version: Callable[[], str],
) -> Contestant:
    """Make one of the others' entries; its key is the stem of its script."""
    source = CONTESTANTS / f"{key.replace('-', '_')}.py"
    slow = key != "ip-batch"
    return Contestant(key, title, source, python, True, slow, obstacle, version)  # noqa: FBT003


def contestants(python: str) -> list[Contestant]:
    """Give all contestants in their order; `python` is the interpreter that has nslab."""
    floor = Contestant(
        "floor",
        "raw netlink in C (floor)",
        BENCH / "floor.c",
        None,
        sandboxed=False,
        slow=False,
        obstacle=compile_floor,
        version=lambda: "",
    )
    bench_python, here = str(VENV / "bin/python"), sys.executable
    return [
        floor,
        ours("nslab-library", "nslab, library", python, no_library),
        ours("nslab-command", "`nslab up`", python, no_command),
        peer("ip-batch", "`ip -batch`, one a netns", here, no_iproute2, iproute2_version),
        peer("ip-steps", "one `ip` a step", here, no_iproute2, iproute2_version),
        peer(
            "pyroute2-netns",
            "pyroute2",
            bench_python,
            install_pyroute2,
            lambda: version_of(bench_python, "pyroute2"),
        ),
        peer("mininet-bridge", "Mininet, LinuxBridge", DEBIAN_PYTHON, no_mininet, mininet_version),
    ]
