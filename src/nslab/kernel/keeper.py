"""A table of descriptors beside the holder's own: more namespaces than one table may have.

Threads of one process may each have their own table (unshare(2), CLONE_FILES), which has its own
limit. So a keeper is a thread of the holder's that copies its table, closes all in the copy but the
namespaces, and waits. It cannot be killed but with the holder, and nobody in the lab can do that.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import os
import resource

from nslab.kernel import libc, wire
from nslab.kernel.namespaces import lead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "nslab-keeper"
"""What `ps -L` shows of it."""


class Keeper:
    """The holder's side. Only one of both threads ever runs; the other one waits for it.

    Args:
        numbers: the holder's descriptors to be kept, which it may close then.
        table: the link that leads to the holder's descriptors; it will lead to the keeper's.

    Raises:
        KernelError, OSError: there can be no more threads or tables; all is as before.
    """

    def __init__(self, numbers: Iterable[int], table: str) -> None:
        self.table = table
        self._kept = set(numbers)
        self._going: list[int] = []
        self._failed: BaseException | None = None
        self._asked, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._asked.acquire()
        self._done.acquire()
        try:
            _thread.start_new_thread(self._run, ())
        except RuntimeError:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
        self._wait()

    def open(self, number: int) -> int:
        """Give a new descriptor of what is kept under a number; the caller closes it."""
        return os.open(f"{self._path}/{number}", os.O_RDONLY | os.O_CLOEXEC)

    def close(self, numbers: list[int]) -> None:
        """Let go of what is kept under these numbers. With the last of them the keeper ends."""
        self._going = numbers
        self._asked.release()
        self._wait()
        if not self._kept:
            with contextlib.suppress(FileNotFoundError):  # somebody in the lab did so already
                os.unlink(self.table)

    def _wait(self) -> None:
        self._done.acquire()
        if self._failed is not None:
            raise self._failed

    # What follows runs in the keeper's thread.

    def _run(self) -> None:
        try:
            self._take_over()
            while self._kept:
                self._done.release()
                self._asked.acquire()
                self._kept.difference_update(self._going)
                wire.close(self._going)
        except BaseException as error:  # noqa: BLE001 - the holder shall not wait for ever
            self._failed = error
        finally:
            self._done.release()

    def _take_over(self) -> None:
        """Copy the holder's table, keep what is to be kept, and have the table's link lead here."""
        libc.unshare(libc.CLONE_FILES)
        libc.name_process(NAME)
        own = os.readlink("/proc/thread-self").rpartition("/")[2]  # its number as seen in the lab
        self._path = f"/proc/{own}/fd"
        lead(self.table, f"../..{self._path}")
        first, (most, _) = 0, resource.getrlimit(resource.RLIMIT_NOFILE)
        for number in [*sorted(self._kept), most]:
            os.closerange(first, number)
            first = number + 1
