"""Having the program `nft` read and set rules, in the caller's netns or in one of a lab."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

from nslab.errors import NslabError
from nslab.kernel import libc
from nslab.kernel.spawn import joining

if TYPE_CHECKING:
    from nslab.nft.rules import Json

    Place = tuple[str, int, str]
    """A lab's name, its holder's PID, and a netns in it."""

_NONE = ("No such file", "not supported", "not permitted")
"""What `nft` says where there are no such rules, or could be none."""

HINT = "install it (Debian's package nftables)"


def load(commands: list[Json], place: Place | None = None) -> None:
    """Set rules, all or none.

    Args:
        commands: those of libnftables-json(5).
        place: the netns; None for the caller's own.

    Raises:
        NslabError: there is no `nft`, or it (or the kernel) refused.
    """
    _run(["nft", "-j", "-f", "-"], place, json.dumps({"nftables": commands}))


_TRIES = 3
"""How often nft is asked: where a table has an owner, 1.0.6 sometimes prints half of it."""


def listed(words: list[str], place: Place | None = None) -> list[Json]:
    """Read rules: `["table", "inet", "nslab"]`, `["ruleset"]`; what is not there gives none.

    Raises:
        NslabError: there is no `nft`, or it could not tell.
    """
    for _ in range(_TRIES):
        try:
            text = _run(["nft", "-j", "list", *words], place, "")
        except RefusedError as error:
            if not any(reason in str(error) for reason in _NONE):
                raise
            return []
        with contextlib.suppress(json.JSONDecodeError):
            found = json.loads(text or "{}").get("nftables", [])
            return found if isinstance(found, list) else []
    raise UnreadableError("what `nft -j list` prints cannot be read", hint="take a newer nftables")


def is_here() -> bool:
    """Tell whether there is an `nft` to run."""
    return shutil.which("nft") is not None


class UnreadableError(NslabError):
    """`nft` printed half of a list, as 1.0.6 does of some tables that have an owner."""


class RefusedError(NslabError):
    """`nft` said no."""


def _run(command: list[str], place: Place | None, given: str) -> str:
    if not is_here():
        raise NslabError("the program nft is needed and is not here", hint=HINT)
    try:
        process = _start(command, place)
    except OSError as error:
        raise libc.of_oserror("start nft", error) from None
    out, errors = process.communicate(given.encode())
    if process.returncode:
        lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
        reason = lines[0].rpartition("Error: ")[2] if lines else "it gives no reason"
        raise RefusedError(f"nft refused: {reason}")
    return bytes(out).decode()


def _start(command: list[str], place: Place | None) -> subprocess.Popen[bytes]:
    pipe, apart = subprocess.PIPE, True  # Ctrl-C is for nslab, which undoes what nft has done
    words = command if place is None else joining(place, command)
    return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=apart)
