"""Feed strange inputs to what reads inputs, and count them.

`python -m tests.torture.fuzz --target netlink --inputs 1000000`. With atheris (from PyPI; it has
wheels for some machines only) the inputs are guided by the code that they reach; without it they
are mutated blindly, and the result says so. A finding is any exception that is not the target's
own, more than SECONDS of processor time for one input, or more than MEMORY bytes of memory.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import importlib.util
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from tests.torture.mutate import Mutator

if TYPE_CHECKING:
    from collections.abc import Callable

TARGETS = ("loader", "netlink", "ip")
SECONDS = 5.0
"""So much processor time may one input take."""

MEMORY = 1 << 30
"""So many bytes may the process take beside those that it begins with."""

LONGEST = 8192
_MOST_FINDINGS = 40


class TooSlowError(BaseException):
    """One input takes too long; no `Exception`, so that nothing swallows it."""


class Guard:
    """Calls a target with one input after the other, and remembers what must not happen."""

    def __init__(self, target: Callable[[bytes], None], seconds: float = SECONDS) -> None:
        self.target = target
        self.seconds = seconds
        self.count = 0
        self.findings: dict[str, tuple[str, bytes]] = {}
        signal.signal(signal.SIGVTALRM, _too_slow)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_size() + MEMORY, most))

    def __call__(self, data: bytes) -> None:
        self.count += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds)
        try:
            self.target(data)
        except BaseException as error:  # noqa: BLE001 - that is what we are here for
            self.note(error, data)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def note(self, error: BaseException, data: bytes) -> None:
        """Remember the shortest input for each place that an error comes from."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if "/nslab/" in frame.filename] or frames
        where = f"{ours[-1].filename.rpartition('/nslab/')[2]}:{ours[-1].lineno}"
        place = f"{type(error).__name__} at {where}"
        before = self.findings.get(place)
        if before is None or len(data) < len(before[1]):
            self.findings[place] = f"{place}: {str(error)[:200]}", data


def _too_slow(*_: object) -> NoReturn:
    raise TooSlowError("too long")


def _size() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


def has_atheris() -> bool:
    """Tell whether inputs can be guided."""
    return importlib.util.find_spec("atheris") is not None


def run(
    target: str, inputs: int, seconds: float, corpus: Path, seed: int, *, guided: bool = True
) -> dict[str, object]:
    """Run a target in a process of its own; give what that found out."""
    readable, writable = os.pipe()
    words = [sys.executable, "-m", "tests.torture.fuzz", "--target", target, "--seed", str(seed)]
    words += ["--inputs", str(inputs), "--seconds", str(seconds), "--corpus", str(corpus)]
    words += ["--report", str(writable), *([] if guided else ["--blind"])]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(words, pass_fds=[writable], stderr=errors) as worker,
    ):
        os.close(writable)
        with os.fdopen(readable) as pipe:
            said = pipe.read()
        worker.wait()
        errors.seek(0)
        last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
    if said:
        found: dict[str, object] = json.loads(said)
        return found
    death = f"the worker ended with {worker.returncode}: {last}"
    return {"count": 0, "seconds": 0.0, "findings": [death]}


def work(options: argparse.Namespace) -> NoReturn:
    """Be that process: end with the report."""
    guided = has_atheris() and not options.blind
    if guided:
        atheris = importlib.import_module("atheris")
        with atheris.instrument_imports(include=["nslab"]):
            target = importlib.import_module(f"tests.torture.targets.{options.target}")
    else:
        target = importlib.import_module(f"tests.torture.targets.{options.target}")
    seeds = target.seeds()
    words = [word for word in target.WORDS if word]
    guard = Guard(target.take)
    nothing = os.open(os.devnull, os.O_RDWR)
    begun = time.monotonic()

    def take(data: bytes) -> None:
        guard(data)
        late = guard.count % 256 == 0 and time.monotonic() - begun > options.seconds
        if guard.count >= options.inputs or late:
            _report(options.report, guard, time.monotonic() - begun)

    if guided:
        dictionary, *folders = _lay_out(options.corpus, seeds, words)
        flags = ["-max_len=8192", "-timeout=1000000", "-rss_limit_mb=0", f"-dict={dictionary}"]
        flags += [f"-seed={options.seed + 1}", "-len_control=20"]
        importlib.import_module("atheris.core_with_libfuzzer")  # `prepare` may leave all files
        atheris.Setup(["fuzz", *flags, *map(str, folders)], take)
    target.prepare(options.corpus)
    _silence(options.report, nothing)
    if guided:
        atheris.Fuzz()
    mutator = Mutator(seeds, words, random.Random(options.seed), LONGEST)  # noqa: S311 - no secret
    for data in seeds:
        take(data)
    while True:
        take(mutator.next())


def _lay_out(corpus: Path, seeds: list[bytes], words: list[bytes]) -> tuple[Path, Path, Path]:
    """Write seeds and words as libFuzzer reads them; what it finds goes to the corpus."""
    given = corpus / "seeds"
    found = corpus / "found"
    for folder in (given, found):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
    for number, data in enumerate(seeds):
        (given / f"{number:05}").write_bytes(data)
    lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word[:64]) + '"\n' for word in words]
    dictionary = corpus / "words.dict"
    dictionary.write_text("".join(lines), encoding="ascii")
    return dictionary, found, given


def _silence(report: int, nothing: int) -> None:
    """Let nothing that a target prints reach anybody."""
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.set_inheritable(report, False)  # noqa: FBT003 - positional only


def _report(fd: int, guard: Guard, seconds: float) -> NoReturn:
    findings = [
        f"{text} <- {base64.b64encode(data[:3000]).decode()}"
        for text, data in list(guard.findings.values())[:_MOST_FINDINGS]
    ]
    found = {"count": guard.count, "seconds": seconds, "findings": findings}
    data = json.dumps(found).encode()
    while data:
        data = data[os.write(fd, data) :]
    os._exit(0)


def main() -> int:
    """Run one target, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=[*TARGETS, "all"], default="all")
    parser.add_argument("--inputs", type=int, default=100_000, help="for each target")
    parser.add_argument("--seconds", type=float, default=200.0, help="at most, for each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, help="where inputs that reach new code are kept")
    parser.add_argument("--blind", action="store_true", help="even where there is atheris")
    parser.add_argument("--report", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.report is not None:
        work(options)
    command = "python -m tests.torture.fuzz " + " ".join(sys.argv[1:])
    chosen = TARGETS if options.target == "all" else (options.target,)
    return max(_run_and_tell(name, options, command) for name in chosen)


def _run_and_tell(name: str, options: argparse.Namespace, command: str) -> int:
    from tests.torture import results

    guided = has_atheris() and not options.blind
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        corpus = (options.corpus or Path(folder)) / name
        corpus.mkdir(parents=True, exist_ok=True)
        for path in (corpus.parent, corpus):
            path.chmod(0o755)
        found = run(name, options.inputs, options.seconds, corpus, options.seed, guided=guided)
    count, seconds = int(str(found["count"])), float(str(found["seconds"]))
    failures = [str(one) for one in found["findings"]]  # type: ignore[attr-defined]
    how = "guided by coverage (atheris)" if guided else "mutated blindly"
    figures: list[results.Figure] = [
        ("inputs", count),
        ("how they are made", how),
        ("inputs a second", round(count / max(seconds, 0.001))),
        ("findings", len(failures)),
    ]
    results.write(f"fuzz-{name}", command, figures, failures)
    print(f"{name}: {count} inputs, {how}, {seconds:.0f} s, {len(failures)} findings")
    print("".join(f"  {one}\n" for one in failures), end="")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
