"""`NSLAB_DEBUG=netlink`: every message on standard error, decoded."""

from __future__ import annotations

import os

from nslab.netlink.message import NLM_F
from nslab.netlink.rtnl.constants import RTM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.errors import KernelError
    from nslab.netlink.attrs import Message
    from nslab.netlink.message import Request

_TYPES = {number: f"RTM_{name}" for name, number in vars(RTM).items() if name.isupper()}
_CHANGES = {
    NLM_F.REPLACE: "REPLACE",
    NLM_F.EXCL: "EXCL",
    NLM_F.CREATE: "CREATE",
    NLM_F.APPEND: "APPEND",
}


def show_request(request: Request, error: KernelError | None) -> None:
    """Show one request and what the kernel said to it."""
    name = _TYPES.get(request.type, str(request.type))
    flags = "".join(f" {word}" for bit, word in _CHANGES.items() if request.flags & bit)
    _write(f"-> {name}{flags} {request.body}{f': {error}' if error else ''}")


def show_answer(message: Message) -> None:
    """Show one object that the kernel gave."""
    _write(f"<- {message}")


def _write(text: str) -> None:
    os.write(2, f"netlink: {text}\n".encode("utf-8", "backslashreplace"))
