"""Names of a lab's nodes in the machine's own /run/netns, where `ip netns` finds them.

They are links to descriptors of the lab's holder (`Sandbox.paths`), not mounts: a mount would keep
a netns for ever whose holder was killed. What is left then is a link to nowhere, which the lab's
record tells of.
A link is a lab's own if its text is, to the letter, what the record says.
"""

from __future__ import annotations

import os

from nslab.errors import NetnsExistsError
from nslab.kernel import libc, record
from nslab.kernel.registry import DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.kernel.record import Holder, Record


def found(name: str) -> str | None:
    """Give the text of the link of that name, "" for what is no link, None for nothing."""
    path = f"{DIRECTORY}/{name}"
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return None
    except OSError:
        return ""


def add(lab: str, holder: Holder, name: str, text: str, pattern: str) -> None:
    """Make a link, and have the record say so beforehand.

    Raises:
        NetnsExistsError: the name is taken, by whatever it is.
        NslabError: a directory is not root's alone.
        KernelError: it cannot be made.
    """
    if found(name) is not None:
        raise taken(name)
    record.note(lab, holder, "name", name, text, pattern)
    try:
        record.note_made(DIRECTORY)
        _link(name, text)
    except BaseException:
        record.note(lab, holder, "name", name, None)
        record.unmake(DIRECTORY)
        raise


def _link(name: str, text: str) -> None:
    directory = record.open_owned(DIRECTORY)
    try:
        os.symlink(text, name, dir_fd=directory)
    except FileExistsError:
        raise taken(name) from None
    except OSError as error:
        raise libc.of_oserror(f"make {DIRECTORY}/{name}", error) from None
    finally:
        os.close(directory)


def delete(lab: str, holder: Holder, name: str, text: str) -> None:
    """Delete a link, if it is still the one that the record tells of.

    Raises:
        KernelError: it cannot be deleted.
    """
    was_there = _unlink(name, text)
    try:
        record.note(lab, holder, "name", name, None)
    except BaseException:
        if was_there:
            os.symlink(text, f"{DIRECTORY}/{name}")
        raise


def taken(name: str) -> NetnsExistsError:
    """Make the error of a name that is somebody else's."""
    return NetnsExistsError(
        f"{DIRECTORY}/{name} is there already, and is not this lab's",
        hint=f"`ip netns delete {name}` if nobody needs it, or other names with --host-names",
    )


def left(of: Record) -> list[str]:
    """Give a lab's names that are still there and its own."""
    return [name for name, text in of.names.items() if found(name) == text]


def clear(of: Record) -> None:
    """Delete all of a lab's names that are still its own."""
    for name, text in of.names.items():
        _unlink(name, text)


def _unlink(name: str, text: str) -> bool:
    """Delete a link that is as the record says; tell whether it was."""
    if found(name) != text:
        return False
    directory = record.open_owned(DIRECTORY)
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise libc.failure(f"delete {DIRECTORY}/{name}", error.errno or 0) from None
    finally:
        os.close(directory)
    return True
