"""The command as its users run it, on a machine where no other lab runs.

Labs are found by sockets that belong to a netns, so a netns of the tests' own is such a machine.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NSLAB = (sys.executable, "-m", "nslab")
TUTORIAL = Path(__file__).parents[2] / "examples" / "tutorial.yaml"


@dataclass(frozen=True)
class Said:
    """What a run of the command left: `(code, out, err)`."""

    code: int
    out: str
    err: str

    def failed(self, code: int, *words: str) -> bool:
        """Tell whether it failed as a user should see it: one line that has all these words."""
        lines = self.err.splitlines()
        one = len(lines) == 1 and lines[0].startswith("nslab: ") and "Traceback" not in self.err
        return (
            one and self.code == code and not self.out and all(word in self.err for word in words)
        )


class Machine:
    """A netns to run commands in, and a folder to run them from."""

    def __init__(self, folder: Path, keeper: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.keeper = keeper
        home = folder / "home"
        home.mkdir(exist_ok=True)
        kept = {key: text for key, text in os.environ.items() if not key.startswith("NSLAB")}
        self.environment = {**kept, "HOME": str(home), "COLUMNS": "100"}

    def command(self, *words: str) -> list[str]:
        """Give the command line that runs a program there."""
        enter = ["nsenter", f"--target={self.keeper.pid}", "--net"]
        if os.geteuid() != 0:
            enter += ["--user", "--preserve-credentials"]
        return [*enter, "--", *words]

    def run(self, *words: str, **environment: str) -> Said:
        """Run nslab to its end."""
        done = subprocess.run(
            self.command(*NSLAB, *words),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={**self.environment, **environment},
            timeout=30,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def start(
        self,
        *words: str,
        stdin: int | IO[str] | None = subprocess.DEVNULL,
        stdout: int | IO[str] | None = subprocess.PIPE,
        stderr: int | IO[str] | None = subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start nslab."""
        return subprocess.Popen(
            self.command(*NSLAB, *words),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
        )

    def labs(self) -> list[str]:
        """List the labs that run there, by the kernel's own table."""
        table = Path(f"/proc/{self.keeper.pid}/net/unix").read_text(encoding="utf-8")
        names = re.findall(r"@nslab\.\d+\.(\S+)", table)
        return sorted(set(names))

    def write(self, name: str, text: str) -> Path:
        """Write a file into the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@contextmanager
def machine_in(folder: Path) -> Iterator[Machine]:
    """Make a machine; nothing of it is left afterwards."""
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    with subprocess.Popen(
        [*apart, "sh", "-c", "echo ready; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as keeper:
        if keeper.stdout is None or keeper.stdout.readline() != "ready\n":
            raise PermissionError("no netns of the tests' own")
        machine = Machine(folder, keeper)
        try:
            yield machine
        finally:
            machine.run("down", "--all")
            keeper.kill()
