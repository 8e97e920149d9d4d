"""What a machine looks like: all of it that a lab could change or leave behind.

A test asks for `state()` before and after. Each thing is a line of its own, so that `difference`
can name it. Left out is what comes and goes by itself: carriers, counters, IPv6's own addresses,
and the numbers by which the kernel tells things apart.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    MachineState = dict[str, list[str]]

MARK = "NSLAB_TEST"
"""A variable that a test passes on: only processes that have it as the test has are its own."""

_NETWORK = "link\naddress\nroute show table all\nrule\n"
_PASSING = re.compile(
    r"^\d+: (?!from|not)|(?<=@)if\d+|link-netnsid \d+|qlen \d+"
    r"|NO-CARRIER,|,(?:LOWER_UP|M-DOWN)\b|state \w+|linkdown"
    r"|\b(?:expires|valid_lft|preferred_lft) \w+|tso_max_\w+ \d+"
    r"|counter packets \d+ bytes \d+|# handle \d+"
    r"|(?:designated|root|bridge|port)_(?:id|no|port|path_cost|cost|bridge|root) +\S+"
    r"|\w+_timer +\S+|(?:topology_change\w*|config_pending|fdb_n_learned) \d+"
)
_OWN = re.compile(r"\bfe80:|\bff00::|^(?:multicast|anycast) ")
_UNSTEADY = re.compile(r"random|stable_secret|secret|_count$|/neigh/|file-nr|nf_log|flush|rand")
_OURS = re.compile(r"from (nslab\.kernel\.\w+) import main")
_NUMBERS = re.compile(r"^[\d,]+$|(?<=/proc/)\d+(?=/)|(?<=/fd0/)\d+")


def state(*, folders: Sequence[str] = ("/run",)) -> MachineState:
    """Look at the machine, as it is for this process: at its netns, its mounts, its processes.

    Args:
        folders: the directories that have nobody else's files.
    """
    return {
        "nft": _lines(_said("nft", "list", "ruleset")) if os.geteuid() == 0 else [],
        "network": sorted(_lines(_said("ip", "-o", "-d", "-batch", "-", given=_NETWORK))),
        "settings": sorted(_settings("/proc/sys/net")),
        "mounts": Path("/proc/self/mounts").read_text().splitlines(),
        "files": [_NUMBERS.sub("N", file) for folder in folders for file in files(folder)],
        "processes": sorted(_same(command) for command in processes().values()),
    }


def difference(before: Mapping[str, Sequence[str]], after: Mapping[str, Sequence[str]]) -> str:
    """Say what is not as it was, "" for nothing."""
    words = []
    for key, was in before.items():
        now = after[key]
        if now != was:
            gone, new = [x for x in was if x not in now], [x for x in now if x not in was]
            words.append(f"{key}: gone {gone}, new {new}")
    return "; ".join(words)


def processes() -> dict[int, str]:
    """Give the command of every process but this one and the first; corpses have none."""
    found = {}
    for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 - names alone
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{name}/cmdline").read_text().replace("\0", " ").strip()
            if command and int(name) not in (1, os.getpid()) and _is_own(name):
                found[int(name)] = command
    return found


def files(folder: str) -> list[str]:
    """List everything below a directory, links with their texts; some may go meanwhile."""
    found = []
    for above, folders, names in os.walk(folder):
        found += [Path(above, name) for name in (*folders, *names)]
    return [_with_text(one) for one in sorted(found)]


def _with_text(file: Path) -> str:
    with contextlib.suppress(OSError):
        return f"{file} -> {file.readlink()}"
    return str(file)


def _is_own(name: str) -> bool:
    mark = os.environ.get(MARK)
    return not mark or f"{MARK}={mark}\0".encode() in Path(f"/proc/{name}/environ").read_bytes()


def _same(command: str) -> str:
    """Give what is the same of two processes that do the same."""
    code = _OURS.search(command)
    return code[1] if code else " ".join(_NUMBERS.sub("N", word) for word in command.split(" "))


def _said(*command: str, given: str = "") -> str:
    """Give what a program prints, nothing where it is not installed."""
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def _lines(text: str) -> list[str]:
    return [
        " ".join(_PASSING.sub("", line).split())
        for line in text.splitlines()
        if not _OWN.search(line)
    ]


def _settings(folder: str) -> Iterator[str]:
    """Read all below a folder that this user may; links' own come and go with their links."""
    with contextlib.suppress(FileNotFoundError):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                yield from _settings(entry.path)
            elif not _UNSTEADY.search(entry.path):
                with contextlib.suppress(OSError):
                    yield f"{entry.path} {_read(entry.path)!r}"


def _read(path: str) -> bytes:
    """Read a file in one go: there are hundreds, and they are read after each trial."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 1 << 16).strip()
    finally:
        os.close(fd)
