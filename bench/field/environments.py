"""What the contestants need: virtual environments made here, programs compiled, versions told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

import machine
from process import BENCH

VENVS = BENCH / ".venvs"
PROGRAMS, BUILD = BENCH / "programs", BENCH / "build"
DEBIAN_PYTHON = "/usr/bin/python3"


def python_of(package: str) -> str:
    """Name the interpreter of a package's own environment."""
    return str(VENVS / package / "bin/python")


def install(package: str) -> str | None:
    """Put a package from PyPI into an environment of its own, if it is not there; say why not."""
    python = python_of(package)
    if version_of(python, package):
        return None
    venv.create(VENVS / package, with_pip=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    done = subprocess.run([python, *words], check=False, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"it could not be installed: {last}"
    return None


def compiled(name: str) -> str | None:
    """Compile a program of ours; say why that cannot be done, if so."""
    if shutil.which("cc") is None:
        return "there is no C compiler (cc)"
    BUILD.mkdir(exist_ok=True)
    source, target = PROGRAMS / f"{name}.c", BUILD / name
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return None
    done = subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-o", str(target), str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    return f"it does not compile: {done.stderr.strip()}" if done.returncode else None


def missing(**programs: str) -> str | None:
    """Say which programs are not there; their packages are the values."""
    lack = [f"the program {name} ({it})" for name, it in programs.items() if not shutil.which(name)]
    return f"it needs {', '.join(lack)}" if lack else None


def needs_root() -> str | None:
    """Say that a peer needs root, if we are not; and what its sandbox is made with."""
    if os.geteuid() != 0:
        return "it needs root"
    return missing(unshare="util-linux", mount="mount")


def no_iproute2() -> str | None:
    """Say why `ip` cannot run."""
    return needs_root() or missing(ip="iproute2", sysctl="procps")


def no_mininet() -> str | None:
    """Say why Mininet cannot run."""
    if obstacle := needs_root() or missing(brctl="bridge-utils", mnexec="mininet"):
        return obstacle
    if not can_import(DEBIAN_PYTHON, "mininet.net"):
        return "Debian's package mininet is not installed"
    return missing(ifconfig="net-tools")


def no_library(python: str) -> str | None:
    """Say why nslab's library cannot run."""
    if not can_import(python, "nslab; nslab.Lab; nslab.up"):
        return "nslab cannot be imported (make installs it; --python names another interpreter)"
    return None


def no_command(python: str) -> str | None:
    """Say why nslab's command cannot run."""
    installed = os.access(Path(python).with_name("nslab"), os.X_OK)
    return None if installed else "the command nslab is not installed beside the interpreter"


def can_import(python: str, name: str) -> bool:
    """Tell whether an interpreter finds a module."""
    if shutil.which(python) is None:
        return False
    command = [python, "-c", f"import {name}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def version_of(python: str, package: str) -> str:
    """Give the installed version of a Python package, and the interpreter's; nothing if none."""
    code = (
        "import importlib.metadata as m, platform as p, sys;"
        "print(m.version(sys.argv[1]) + ', Python ' + p.python_version())"
    )
    return machine.output(python, "-c", code, package)


def mininet_version() -> str:
    """Give Mininet's version, and the interpreter's."""
    code = (
        "import mininet.net as n, platform as p;print(n.VERSION + ', Python ' + p.python_version())"
    )
    return machine.output(DEBIAN_PYTHON, "-c", code)


def iproute2_version() -> str:
    """Give iproute2's version."""
    found = re.search(r"iproute2-([^\s,]+)", machine.output("ip", "-V"))
    return found[1] if found else ""
