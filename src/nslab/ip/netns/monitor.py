"""`ip netns monitor`: names as they come and go."""

from __future__ import annotations

import os

from nslab.errors import IpError, KernelError
from nslab.ip.enter import DIRECTORY
from nslab.kernel import inotify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def monitor(program: Program, _: Words) -> None:
    """Print `add NAME` and `delete NAME`, each at once, until the program is ended."""
    try:
        os.mkdir(DIRECTORY, 0o755)
    except FileExistsError:
        pass
    except OSError as error:
        raise IpError(f"mkdir {DIRECTORY} failed: {os.strerror(error.errno or 0)}") from None
    try:
        with inotify.Watch(DIRECTORY) as watch:
            while True:
                for event in watch.read():
                    program.out.raw(f"{'add' if event.came else 'delete'} {event.name}\n")
                program.out.flush()
    except KernelError as error:
        raise IpError(f"{error.operation} failed: {error.reason}") from None
