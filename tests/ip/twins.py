"""Give the same command lines to the real `ip` and to us, in twin namespaces, and keep what comes.

A file of cases (tests/ip/cases/*.txt) holds blocks of lines with blank lines between them. A block
is run from its first line to its last in fresh namespaces, once by each side:

    # a title, which names the test
    ip netns add red
    ip -batch - < netns add a\nnetns add a\n
    sh mkdir -p /run/netns && touch /run/netns/plain
    needs dummy
    settle
    calm v0

Lines that begin with `ip` or `bridge` are compared: standard output and error and the exit code.
They are split as the shell splits words; what follows ` < ` is standard input, with \n, \t and \0
escaped. `sh` lines prepare or look around and are compared, too; in them `ip` is always the
real one. `anyorder ip …` sorts the output's lines first: what the kernel keeps in a hash table has
another order in each netns. `settle` waits until the kernel has done what was asked of it; `calm
LINK` lets neighbours keep their states. `needs KIND` skips the block where the kernel has no such
links. After the last line the links, addresses, routes, neighbours, rules and names of all netns
are compared.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from nslab.ip import handover, program
from nslab.kernel import libc
from tests.ip.settling import Settling, calm, keep_quiet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).parent / "cases"
PROGRAMS = ("ip", "bridge")
_STATE = "link\naddr\nroute show table all\nneigh\nrule\nnetns\n"
_MAC = re.compile(r"(?:\b|(?<=m))(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b")
_BRIDGE_ID = re.compile(r"\b[0-9a-f]{4}\.((?:[0-9a-f]{1,2}:){5}[0-9a-f]{1,2})\b")
_LINK_LOCAL = re.compile(r"\bfe80::[0-9a-f]+:[0-9a-f]+ff:fe[0-9a-f]+:[0-9a-f]+\b")
_LIFETIME = re.compile(r'((?:_lft|expires) |(?:life_time|expires)": ?)(\d+)(?!\d)')
_AGES = re.compile(r'(?:\bused |(?:used|updated|confirmed)": ?)\d+(?:/\d+)*')
_FOREVER = 0xFFFFFFFF
_YOUNGEST = (0, 60, 1200)
"""Seconds at which ages begin: a neighbour was "confirmed" twice base_reachable_time ago, as usual
or on a link that was calmed."""
_GIVEN = re.compile(r"(?:_lft|expires) (0x[0-9a-f]+|\d+)")
_TIMER = re.compile(r'(_timer(?:":)?) *\d+\.\d\d\b')
_NUMBER = re.compile(r"\d+")
_FIXED_MACS = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")


@dataclass(frozen=True)
class Case:
    """One block: its title, where it stands, what it needs, and its lines."""

    title: str
    place: str
    lines: tuple[str, ...]
    needs: tuple[str, ...] = ()


@dataclass
class Answer:
    """What a side gave to one line."""

    line: str
    code: int
    out: str
    error: str


@dataclass
class Outcome:
    """What a side gave to a whole case, and how it left the kernel."""

    answers: list[Answer] = field(default_factory=list)
    state: str = ""
    seconds: float = 0.0
    """How long it took."""


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases."""
    cases, number = [], 1
    for block in path.read_text().split("\n\n"):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        titles = [line.lstrip("# ") for line in lines if line.startswith("#")]
        rest = [line for line in lines if not line.startswith("#")]
        needs = tuple(line.split()[1] for line in rest if line.startswith("needs "))
        rest = [line for line in rest if not line.startswith("needs ")]
        if rest:
            title = titles[0] if titles else rest[0]
            cases.append(Case(title, f"{path.stem}:{number}", tuple(rest), needs))
        number += block.count("\n") + 2
    return cases


def compare(case: Case) -> str:
    """Run a case by both sides; give "" or a description of how they differ.

    What a command changes may be seen only later, the sooner the faster a side is. So where they
    differ they run again, and each line waits until what was before it is done.
    """
    found = ""
    for settle in (False, True):
        theirs = in_twin(lambda settle=settle: run_case(case, _run_theirs, settle=settle))  # type: ignore[misc]
        ours = in_twin(lambda settle=settle: run_case(case, _run_ours, settle=settle))  # type: ignore[misc]
        found = _difference(case, theirs, ours)
        if not found:
            return ""
    return found


def in_twin(run: Callable[[], Outcome]) -> Outcome:
    """Run in a child with fresh network and mount namespaces and an empty /run."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        os.environ["PATH"] += ":/usr/sbin:/sbin"  # where a plain user's `bridge` is
        try:
            _tell(writable, _outcome_of(run))
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, errors="surrogateescape") as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    answers, state, seconds = json.loads(text)
    return Outcome([Answer(**answer) for answer in answers], state, seconds)


def _outcome_of(run: Callable[[], Outcome]) -> str:
    try:
        libc.unshare(libc.CLONE_NEWNET | libc.CLONE_NEWNS)
        libc.mount("", "/", "none", libc.MS_REC | libc.MS_PRIVATE)
        libc.mount("tmpfs", "/run", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV)
        found = run()
    except BaseException as error:  # noqa: BLE001 - the parent shall see whatever it is
        return json.dumps([[], f"{type(error).__name__}: {error}", 0])
    return json.dumps([[vars(answer) for answer in found.answers], found.state, found.seconds])


def _tell(writable: int, text: str) -> None:
    with os.fdopen(writable, "w", errors="surrogateescape") as pipe:
        pipe.write(text)


def run_case(
    case: Case,
    runner: Callable[[list[str], bytes], tuple[int, str, str]],
    *,
    settle: bool = False,
) -> Outcome:
    """Run the lines of a case here and now; let the kernel settle after each if asked to."""
    keep_quiet()
    outcome, begun, settling = Outcome(), time.monotonic(), Settling()
    for line in case.lines:
        answer = _run_line(line, runner)
        if answer is not None:
            outcome.answers.append(answer)
        if settle or answer is None:
            settling.wait(line)
    outcome.state = _state()
    outcome.seconds = time.monotonic() - begun
    return outcome


def _run_line(
    line: str, runner: Callable[[list[str], bytes], tuple[int, str, str]]
) -> Answer | None:
    verb, _, rest = line.partition(" ")
    if verb == "settle":
        time.sleep(float(rest or 0))
        return None
    if verb == "calm":
        calm(rest)
        return None
    if verb == "sh":
        return Answer(line, *_run_theirs(["sh", "-c", rest], b""))
    if verb == "anyorder":
        answer = _run_line(rest, runner)
        if answer is not None:
            answer.out = "".join(sorted(answer.out.splitlines(keepends=True)))
        return answer
    if verb not in PROGRAMS:
        raise ValueError(f"a case's line begins with {verb!r}")
    words, _, given = line.partition(" < ")
    given = given.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0")
    return Answer(line, *runner(shlex.split(words), given.encode()))


def _run_theirs(words: list[str], given: bytes) -> tuple[int, str, str]:
    done = subprocess.run(words, input=given, capture_output=True, check=False, timeout=20)
    return done.returncode & 0xFF, _text(done.stdout), _text(done.stderr)


def _run_ours(words: list[str], given: bytes) -> tuple[int, str, str]:
    stdin, stdout, stderr = (os.memfd_create(name) for name in ("in", "out", "err"))
    os.write(stdin, given)
    os.lseek(stdin, 0, os.SEEK_SET)
    child = os.fork()
    if child == 0:
        _become_ours(words, (stdin, stdout, stderr))
    _, status = os.waitpid(child, 0)
    texts = [_text(os.pread(fd, os.fstat(fd).st_size, 0)) for fd in (stdout, stderr)]
    for fd in (stdin, stdout, stderr):
        os.close(fd)
    return os.waitstatus_to_exitcode(status) & 0xFF, texts[0], texts[1]


def _become_ours(words: list[str], streams: tuple[int, int, int]) -> None:
    code = 99
    try:
        for fd, stream in enumerate(streams):
            os.dup2(stream, fd)
        os.closerange(3, 1024)  # what pytest left open, as subprocess does
        handover.find_real = _find_nothing
        code = program.run(words[0], words[1:])
    except BaseException as error:  # noqa: BLE001 - it is a difference like any other
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _find_nothing(name: str) -> str | None:
    del name
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _state() -> str:
    directory = Path("/run/netns")
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    parts = []
    for name in (None, *names):
        where = [] if name is None else ["-n", name]
        words = ["ip", *where, "-j", "-d", "-force", "-batch", "-"]
        found = subprocess.run(words, input=_STATE, capture_output=True, text=True, check=False)
        words = ["ip", *where, "-j", "-6", "route", "show", "table", "all"]
        six = subprocess.run(words, capture_output=True, text=True, check=False)
        parts.append(f"{name}:\n{found.stdout}{six.stdout}")
    return "\n".join(parts)


def _in_order(documents: str) -> str:
    """Sort neighbours, which the kernel keeps in a hash table, and routes to random addresses."""
    lines = documents.splitlines()
    for number, line in enumerate(lines):
        if line.startswith('[{"') and ('"state":[' in line or '"dst":' in line):
            lines[number] = json.dumps(sorted(json.loads(line), key=json.dumps))
    return "\n".join(lines)


def _difference(case: Case, theirs: Outcome, ours: Outcome) -> str:
    plain, ours_plain = Normal(case, theirs.seconds), Normal(case, ours.seconds)
    for a, b in zip(theirs.answers, ours.answers, strict=False):
        for what in ("code", "out", "error"):
            expected, got = plain(str(getattr(a, what))), ours_plain(str(getattr(b, what)))
            if expected != got:
                return f"{a.line}\n{what}, theirs:\n{expected}\n{what}, ours:\n{got}"
    if len(theirs.answers) != len(ours.answers):
        return f"a side broke off:\ntheirs: {theirs.state}\nours: {ours.state}"
    expected, got = _in_order(plain(theirs.state)), _in_order(ours_plain(ours.state))
    if expected != got:
        return f"the kernel's state, theirs:\n{expected}\nours:\n{got}"
    return ""


class Normal:
    """Gives random addresses names, and lifetimes and ages the values that they began with."""

    def __init__(self, case: Case, seconds: float) -> None:
        self.said = " ".join(case.lines).lower()
        self.seconds = seconds
        self.given = sorted({*map(_number, _GIVEN.findall(self.said))} - {_FOREVER})

    def __call__(self, text: str) -> str:
        seen: dict[str, str] = {}

        def name(match: re.Match[str]) -> str:
            found = match[0]
            if found in self.said or found in _FIXED_MACS:
                return found
            return seen.setdefault(found, f"<address {len(seen)}>")

        text = _BRIDGE_ID.sub(_with_zeros, text)
        text = _LINK_LOCAL.sub(name, _MAC.sub(name, text))
        text = _TIMER.sub(r"\1?", text)
        text = _AGES.sub(lambda ages: _NUMBER.sub(self._youngest, ages[0]), text)
        return _LIFETIME.sub(self._beginning, text)

    def _beginning(self, lifetime: re.Match[str]) -> str:
        """Give the lifetime of the case that had come down to this one when it was shown."""
        left = int(lifetime[2])
        begun = [given for given in self.given if self._took(given - left)]
        return f"{lifetime[1]}{begun[0] if begun else left}"

    def _youngest(self, age: re.Match[str]) -> str:
        """Give the age that had become this one when it was shown."""
        begun = [youngest for youngest in _YOUNGEST if self._took(int(age[0]) - youngest)]
        return str(begun[0]) if begun else age[0]

    def _took(self, seconds: int) -> bool:
        return 0 <= seconds <= self.seconds + 1


def _number(text: str) -> int:
    """Read a number as C does: 0x begins a hexadecimal one, 0 alone an octal one."""
    return int(text, 8 if text.startswith("0") and text.isdigit() else 0)


def _with_zeros(match: re.Match[str]) -> str:
    """Give a bridge's identifier the zeros that iproute2 spares: it is an address, too."""
    octets = [octet.zfill(2) for octet in match[1].split(":")]
    return f"{match[0][:5]}{':'.join(octets)}"


def why_not_compare() -> str | None:
    """Say why the real program cannot be compared with here, None if it can."""
    path = shutil.which("ip")
    if path is None:
        return "iproute2 is not installed"
    version = subprocess.run([path, "-V"], capture_output=True, text=True, check=True).stdout
    return None if "iproute2-6.1" in version else f"the answers are those of 6.1, here is {version}"


def has_kind(kind: str) -> bool:
    """Say whether this kernel has links of that kind (asked in a fresh netns)."""
    needed = {"vrf": " table 10", "vxlan": " id 1 dstport 4789"}
    line = f"ip link add probe type {kind}{needed.get(kind, '')}"
    probe = Case(line, "", (line,))
    answer = in_twin(lambda: run_case(probe, _run_theirs)).answers[0]
    lacking = ("Unknown device type", "Operation not supported")
    return not any(words in answer.error for words in lacking)
