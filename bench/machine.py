"""What the figures were measured on, in words and without anything that names the machine."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def output(*command: str) -> str:
    """Give what a program prints, or nothing if it fails or is not there."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    return (done.stdout or done.stderr).strip() if done.returncode == 0 else ""


def field(path: str, pattern: str) -> str:
    """Give the first match of a pattern's group in a file of the system, or `unknown`."""
    try:
        found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    except OSError:
        return "unknown"
    return found[1].strip() if found else "unknown"


def commit() -> str:
    """Give the checkout's commit, and whether its package differs from it."""
    name = output("git", "rev-parse", "--short", "HEAD")
    if not name:
        return "unknown"
    return f"{name}, with changes" if output("git", "status", "--porcelain", "src") else name


def describe() -> dict[str, str]:
    """Describe machine and system, in the order in which it is shown."""
    memory = field("/proc/meminfo", r"^MemTotal:\s+(\d+) kB")
    return {
        "Kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "CPU": field("/proc/cpuinfo", r"^model name\s*:\s*(.+)$"),
        "Cores": str(len(os.sched_getaffinity(0))),
        "Memory": f"{int(memory) / 2**20:.1f} GiB" if memory.isdigit() else memory,
        "Distribution": field("/etc/os-release", r'^PRETTY_NAME="?([^"\n]+)'),
        "C compiler": (output("cc", "--version").splitlines() or ["none"])[0],
        "User": "root" if os.geteuid() == 0 else "unprivileged",
        "Load average at the start": f"{os.getloadavg()[0]:.2f}",
        "nslab's commit": commit(),
    }
