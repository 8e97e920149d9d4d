"""Run scripts that others wrote for iproute2, first with it, then with us in its place.

    python -m tests.ip.foreign [--uml] [--limit SECONDS] [--keep FOLDER] DIRECTORY NAME…

DIRECTORY is where the scripts expect to be started: iproute2's `testsuite`, for names such as
`tests/ip/netns/*.t`, or a folder of the kernel's `tools/testing/selftests/net`. A script counts if
it passes with iproute2; it has passed with us, too, if as many of its checks went well. Every call
of `ip` and `bridge` is written down, and so is every one that we handed to the real program.

It needs root, and what the scripts need. They run in namespaces of their own or, with `--uml`, each
in a User Mode Linux, which has the modules that this machine's kernel may lack.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import nslab
from tests.uml import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAMS = ("ip", "bridge")
_SOURCE = Path(nslab.__file__).parents[1]
_OURS = f"""#!{sys.executable}
import os, sys
with open(os.environ["FOREIGN_CALLS"], "a") as file:
    file.write("called " + repr(sys.argv) + chr(10))
sys.path.insert(0, {str(_SOURCE)!r})
from nslab.cli import entry
sys.exit(entry())
"""
# Our search for the real program passes over scripts that speak of us: these must not.
_REAL = """#!/bin/sh
echo "real $0 $*" >>"$FOREIGN_CALLS"
exec {program} "$@"
"""
_DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
_ALONE = (
    *_DIE_WITH_US,
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)
_SETTLE = "mount -t sysfs sys /sys && mount -t tmpfs run /run && ip link set lo up"
_GOOD = re.compile(r"\[ *(?:OK|PASS|SUCCESS)|\bPASS(?:ED)?\b|\bsucceeded\b|^ok ", re.MULTILINE)
_BAD = re.compile(r"\bFAIL(?:ED)?\b|\bfailed:(?! *0\b)|^not ok ", re.MULTILINE)


class Run(NamedTuple):
    """What came of one run of a script.

    Attributes:
        verdict: "pass", "skip", "fail", or "late" where it was not done in time.
        good: how many of its checks went well, as far as it says so.
        calls: how often it called `ip` or `bridge`.
        handed: how many commands, lines of a batch among them, the real programs were given.
    """

    verdict: str
    good: int = 0
    calls: int = 0
    handed: int = 0


class Result(NamedTuple):
    """A script's two runs; without the second where the first did not pass."""

    name: str
    stock: Run
    ours: Run | None = None


class Setting(NamedTuple):
    """How scripts are run.

    Attributes:
        directory: where they are started.
        uml: whether each has a User Mode Linux, not namespaces.
        limit: after how many seconds a run is ended.
        keep: a folder for what they say and call, if somebody wants to read it.
    """

    directory: Path
    uml: bool
    limit: float
    keep: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scripts, print the table; tell by the exit code whether all that count agree."""
    given = _read_arguments(arguments)
    setting = Setting(given.directory.resolve(), given.uml, given.limit, given.keep)
    found, missing = choose(setting.directory, given.names)
    results = [compare(name, setting) for name in found]
    print("\n".join(report(results, missing)))
    return int(not all(agree(result.stock, result.ours) for result in results if result.ours))


def choose(directory: Path, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Find the scripts that names or patterns mean; give them, and what means none."""
    matches = {name: sorted(directory.glob(name)) for name in names}
    found = [str(path.relative_to(directory)) for paths in matches.values() for path in paths]
    return list(dict.fromkeys(found)), [name for name, paths in matches.items() if not paths]


def compare(name: str, setting: Setting) -> Result:
    """Run a script with iproute2 and, if it passes, with us."""
    stock = run(name, setting, ours=False)
    again = run(name, setting, ours=True) if stock.verdict == "pass" or setting.keep else None
    result = Result(name, stock, again if stock.verdict == "pass" else None)
    print(row(result), file=sys.stderr, flush=True)
    return result


def agree(stock: Run, ours: Run) -> bool:
    """Say whether the script went as well with us as it did before."""
    return ours.verdict == stock.verdict and ours.good == stock.good


def run(name: str, setting: Setting, *, ours: bool) -> Run:
    """Run a script with our programs or the real ones first on PATH."""
    with tempfile.TemporaryDirectory(prefix="foreign-") as temporary:
        folder = Path(temporary)
        lay_out(folder)
        command = script_of(name, setting.directory, folder, ours=ours)
        code, output = (_boot if setting.uml else _isolate)(command, setting.limit)
        calls = (folder / "calls").read_text(errors="replace")
        if setting.keep is not None:
            file = setting.keep / f"{name.replace('/', '-')}.{'ours' if ours else 'stock'}"
            file.write_text(f"{output}\nexit code {code}\n")
            file.with_name(f"{file.name}.calls").write_text(calls)
        errors = folder / "errors"
        return judge(code, output, calls, failed=errors.exists() and errors.stat().st_size > 0)


def lay_out(folder: Path) -> None:
    """Write the programs: ours into one folder, those that lead to the real ones into another."""
    (folder / "calls").touch()
    for name in PROGRAMS:
        real = _REAL.format(program=shutil.which(name) or "false")
        for place, text in (("ours", _OURS), ("real", real)):
            program = folder / place / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)


def script_of(name: str, directory: Path, folder: Path, *, ours: bool) -> str:
    """Write the shell's commands that start a script in its environment."""
    places = [folder / "ours"] if ours else []
    path = ":".join(map(str, (*places, folder / "real", "/run/uml", os.environ["PATH"])))
    variables = {"PATH": path, "FOREIGN_CALLS": folder / "calls", "LC_ALL": "C.UTF-8"}
    variables |= {name.upper(): name for name in (*PROGRAMS, "tc", "ss")} | {"DEV": "lo"}
    variables |= {"STD_OUT": folder / "out", "STD_ERR": folder / "err", "ERRF": folder / "errors"}
    words = (f"{key}={shlex.quote(str(value))}" for key, value in variables.items())
    return f"cd {shlex.quote(str(directory))} && {' '.join(words)} {shlex.quote(f'./{name}')}"


def judge(code: int | None, output: str, calls: str, *, failed: bool) -> Run:
    """Say what came of a run.

    Args:
        code: the exit code, None where there is none in time.
        output: what the script said.
        calls: one line for each program started, `called …` or `real …`.
        failed: whether it wrote down that it failed, as iproute2's do.
    """
    verdict = {None: "late", 0: "pass", 4: "skip", 127: "skip"}.get(code, "fail")
    if verdict == "pass" and (failed or _BAD.search(output)):
        verdict = "fail"
    lines = calls.splitlines()
    called = sum(line.startswith("called ") for line in lines)
    handed = sum(line.startswith("real ") for line in lines)
    return Run(verdict, len(_GOOD.findall(output)), called, handed)


def report(results: Sequence[Result], missing: Sequence[str]) -> Iterator[str]:
    """Write the table, then which scripts do not count."""
    yield "| script | checks | iproute2 | nslab | calls | done by nslab | handed over |"
    yield "|---|---|---|---|---|---|---|"
    yield from (row(result) for result in results if result.ours is not None)
    yield ""
    for result in results:
        if result.ours is None:
            yield f"Not counted, {result.stock.verdict} with iproute2: {result.name}"
    yield from (f"Not found: {name}" for name in missing)


def row(result: Result) -> str:
    """Write a script's row of the table."""
    name, stock, ours = result
    if ours is None:
        return f"| {name} | {stock.good} | {stock.verdict} | | | | |"
    verdict = ours.verdict
    if not agree(stock, ours):
        verdict = f"**{verdict}**, {ours.good} of {stock.good} checks"
    done = max(ours.calls - ours.handed, 0)
    cells = (name, stock.good, stock.verdict, verdict, ours.calls, done, ours.handed)
    return f"| {' | '.join(map(str, cells))} |"


def _isolate(command: str, limit: float) -> tuple[int | None, str]:
    """Run shell commands in fresh namespaces; no child of theirs outlives them."""
    words = [*_ALONE, "sh", "-c", f"{_SETTLE} && {{ {command}\n}}"]
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as child:
        try:
            return _exit_code(child.communicate(timeout=limit)[0], child)
        except subprocess.TimeoutExpired:
            child.kill()
            return None, child.communicate()[0].decode("utf-8", "replace")


def _exit_code(output: bytes, child: subprocess.Popen[bytes]) -> tuple[int | None, str]:
    return child.returncode, output.decode("utf-8", "replace")


def _boot(command: str, limit: float) -> tuple[int | None, str]:
    """Run shell commands in a User Mode Linux of their own."""
    try:
        return machine.run(f"{command} </dev/null", limit)
    except machine.UmlError as error:
        return None, str(error)


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.ip.foreign")
    parser.add_argument("--uml", action="store_true", help="run each in a User Mode Linux")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run")
    parser.add_argument("--keep", type=Path, help="a folder for what the scripts say and call")
    parser.add_argument("directory", type=Path, help="where the scripts are started")
    parser.add_argument("names", nargs="+", help="scripts there, or patterns")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
