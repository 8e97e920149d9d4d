"""What the machine remembers of labs that have put something of their own into it: their records.

A record is a file in /run/nslab, which is root's alone. It is written before what it tells of is
done, and says whose that is, exactly: the lab's holder by its PID, that PID's start time, and the
PID namespace in which it counts. So what an ended lab has left is known without guessing by names.

A record is a row of lines, each a JSON list, and grows at its end: a large lab has many names.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat

from nslab.errors import NslabError
from nslab.kernel import libc
from nslab.kernel.procfs import is_ending, start_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIRECTORY = "/run/nslab"

_SUFFIX = ".json"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_MADE = "made"  # an empty file: that /run/netns was not there before
_NO_FILE = (errno.ENOENT, errno.ELOOP, errno.ENXIO)
_OTHERS_HAVE_IT = (errno.ENOTEMPTY, errno.EBUSY, errno.ENOENT)
_OTHERS_WRITE = 0o022


class Holder:
    """One process, told from any other that had or will have its PID."""

    __slots__ = ("pid", "space", "started")

    def __init__(self, pid: int, started: int, space: int) -> None:
        self.pid = pid
        self.started = started
        self.space = space

    @classmethod
    def of(cls, pid: int) -> Holder:
        """Give the process that has a PID now."""
        return cls(pid, start_time(pid), _space())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holder) and self.words() == other.words()

    __hash__ = None  # type: ignore[assignment]

    def words(self) -> list[int]:
        """Give what tells it from others, as a record has it."""
        return [self.pid, self.started, self.space]

    @property
    def alive(self) -> bool:
        """Whether it lives; of another PID namespace's processes nothing is known, so they do."""
        if self.space != _space():
            return True
        return start_time(self.pid) == self.started and not is_ending(self.pid)


class Record:
    """What a lab has in the machine.

    Attributes:
        lab: the lab's name.
        holder: the process with which all this ends.
        pattern: how its names in /run/netns are made; "" if it has none.
        names: the text of each of its links there, by name.
        macs: the MACs of bridges of the machine from before the lab joined them, by ifname.
    """

    __slots__ = ("holder", "lab", "macs", "names", "pattern")

    def __init__(self, lab: str, holder: Holder) -> None:
        self.lab = lab
        self.holder = holder
        self.pattern = ""
        self.names: dict[str, str] = {}
        self.macs: dict[str, str] = {}

    def take(self, line: list[str | None]) -> None:
        """Go on by one line; an empty text takes back what an earlier line said."""
        kind, key, text, *more = line
        known = {"name": self.names, "mac": self.macs}[str(kind)]
        known.pop(str(key), None)
        if text:
            known[str(key)] = text
            self.pattern = str(more[0]) if more else self.pattern


def are_any() -> bool:
    """Tell whether the machine may remember a lab at all: mostly it does not."""
    return os.path.isdir(DIRECTORY)


def records() -> list[Record]:
    """Give every record, in the order of their labs' names; none where nobody can have written."""
    with _directory(make=False) as directory:
        if directory < 0:
            return []
        files = sorted(name for name in os.listdir(directory) if name.endswith(_SUFFIX))
        found = [_read(directory, name) for name in files]
    return [record for record in found if record is not None]


def record_of(lab: str) -> Record | None:
    """Give a lab's record, if there is one."""
    with _directory(make=False) as directory:
        return _read(directory, lab + _SUFFIX) if directory >= 0 else None


def note(lab: str, holder: Holder, *line: str | None) -> None:
    """Write a line to a lab's record, and begin one where there is none.

    Raises:
        NslabError: the record is that of another lab of the same name, which lives.
        KernelError: it cannot be written.
    """
    with _directory(make=True) as directory:
        fd = _begin(directory, lab, holder)
        try:
            _write(fd, list(line), lab)
        finally:
            os.close(fd)


def forget(record: Record) -> None:
    """Delete a record, unless another one has taken its place."""
    with _directory(make=False) as directory:
        found = _read(directory, record.lab + _SUFFIX) if directory >= 0 else None
        if found is not None and found.holder == record.holder:
            os.unlink(record.lab + _SUFFIX, dir_fd=directory)


def clear_stumps() -> None:
    """Delete empty records: whoever began one was killed before anything else was done."""
    with _directory(make=False) as directory:
        for name in os.listdir(directory) if directory >= 0 else ():
            if name.endswith(_SUFFIX) and _is_stump(directory, name):
                os.unlink(name, dir_fd=directory)


def note_made(path: str) -> None:
    """Make a directory of the machine if it is not there, and remember to delete it."""
    if os.path.lexists(path):
        return
    with _directory(make=True) as directory, contextlib.suppress(FileExistsError):
        os.close(os.open(_MADE, os.O_CREAT | os.O_WRONLY | _FILE, 0o644, dir_fd=directory))
        try:
            os.mkdir(path, 0o755)
        except BaseException:
            os.unlink(_MADE, dir_fd=directory)
            raise


def unmake(path: str) -> None:
    """Delete a directory that was not there before us, once it is empty and no lab needs it."""
    with _directory(make=False) as directory:
        if directory < 0 or [*os.listdir(directory)] != [_MADE]:
            return
        try:
            os.rmdir(path)
        except OSError as error:
            if error.errno not in _OTHERS_HAVE_IT:
                return  # another time
        os.unlink(_MADE, dir_fd=directory)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold back every other root's nslab that changes the machine itself.

    Where only root can wait for its turn: anybody else could have an address, and keep it.

    Raises:
        NslabError: the directory of records cannot be had, or is not root's alone.
    """
    with _directory(make=True):
        yield


def open_owned(path: str) -> int:
    """Open a directory that nobody but root can have changed.

    Raises:
        OSError: there is none, or it cannot be opened.
        NslabError: it is no directory, or others may write to it.
    """
    try:
        fd = os.open(path, _OPEN)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise _not_ours(path, os.strerror(error.errno)) from None
        raise
    status = os.fstat(fd)
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & _OTHERS_WRITE:
        os.close(fd)
        raise _not_ours(path, "others than root may change it")
    return fd


def _not_ours(path: str, why: str) -> NslabError:
    hint = f"see what made it; `ls -ld {path}` should say drwxr-xr-x root"
    return NslabError(f"{path} cannot be trusted: {why}", hint=hint)


def _space() -> int:
    return os.stat("/proc/self/ns/pid").st_ino


@contextlib.contextmanager
def _directory(*, make: bool) -> Iterator[int]:
    """Give the directory of records, held alone; -1 where it is not there. Empty, it goes."""
    fd = _hold(make=make)
    try:
        yield fd
    finally:
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.rmdir(DIRECTORY)
            os.close(fd)


def _hold(*, make: bool) -> int:
    while True:
        if make:
            _make()
        try:
            fd = open_owned(DIRECTORY)
        except (FileNotFoundError, NslabError) as error:
            if not make:
                return -1
            if isinstance(error, NslabError):
                raise
            continue
        fcntl.flock(fd, fcntl.LOCK_EX)
        if _is_there(fd):
            return fd
        os.close(fd)  # it was deleted while we waited


def _make() -> None:
    try:
        os.mkdir(DIRECTORY, 0o700)  # else anybody could hold its lock
    except FileExistsError:
        return
    except OSError as error:
        hint = "what a lab has in the machine is remembered there: it must be writable for root"
        raise libc.failure(f"mkdir {DIRECTORY}", error.errno or 0, hint=hint) from None


def _is_there(fd: int) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.lstat(DIRECTORY))
    except FileNotFoundError:
        return False


def _begin(directory: int, lab: str, holder: Holder) -> int:
    """Open a lab's record at its end; one of a holder that is dead must have been cleared."""
    name = lab + _SUFFIX
    flags = os.O_WRONLY | os.O_APPEND | _FILE
    try:
        fd = os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=directory)
    except FileExistsError:
        found = _read(directory, name, whole=False)  # a large lab has written much
        if _is_stump(directory, name):
            os.unlink(name, dir_fd=directory)
            return _begin(directory, lab, holder)
        if found is None or found.holder != holder:
            taken = f'another lab "{lab}" has something in this machine, as {DIRECTORY}/{name} says'
            raise NslabError(taken, hint="give this lab another name") from None
        return os.open(name, flags, dir_fd=directory)
    except OSError as error:
        raise libc.of_oserror(f"write {DIRECTORY}/{name}", error) from None
    try:
        _write(fd, [lab, *holder.words()], lab)
    except BaseException:
        os.close(fd)
        os.unlink(name, dir_fd=directory)
        raise
    return fd


def _is_stump(directory: int, name: str) -> bool:
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _write(fd: int, words: Sequence[object], lab: str) -> None:
    """Write a line whole, or not at all."""
    import json

    line = json.dumps(words).encode() + b"\n"
    size = os.fstat(fd).st_size
    try:
        written = os.write(fd, line)
        if written != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301
    except OSError as error:
        os.ftruncate(fd, size)
        raise libc.of_oserror(f"write {DIRECTORY}/{lab}{_SUFFIX}", error) from None


def _read(directory: int, name: str, *, whole: bool = True) -> Record | None:
    """Read a record up to its first line that makes no sense: it was being written."""
    try:
        fd = os.open(name, os.O_RDONLY | _FILE, dir_fd=directory)
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise libc.failure(f"read {DIRECTORY}/{name}", error.errno or 0) from None
        return None
    import json

    with open(fd, encoding="utf-8", errors="replace") as file:
        record = None
        with contextlib.suppress(ValueError, TypeError, LookupError):
            lab, *words = json.loads(file.readline())
            if lab + _SUFFIX != name:
                return None
            record = Record(lab, Holder(*words))
            for line in file if whole else ():
                record.take(json.loads(line))
        return record
