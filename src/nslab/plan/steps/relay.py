"""Steps that start and end the relays of a lab, and tell its nodes which resolver to ask."""

from __future__ import annotations

import re
from ipaddress import ip_address
from shlex import quote
from typing import TYPE_CHECKING

from nslab.errors import KernelError
from nslab.kernel import beside, relay
from nslab.plan.steps.step import Deed, Step
from nslab.plan.way import ports, resolver

if TYPE_CHECKING:
    from _socket import socket

    from nslab.kernel.relay import Target
    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Publish
    from nslab.plan.way.choose import Way

_SPECIAL, _LITERALLY = re.compile(r"[][\\.]"), r"\\\g<0>"
"""What pkill's pattern would not take for itself, of what socat is started with."""

_AF_INET, _AF_INET6, _STREAM, _DATAGRAM = 2, 10, 1, 2


class StartRelay(Deed, frozen=True):
    """Lead a port of the machine to the node whose netns this is."""

    published: Publish
    targets: tuple[Target, ...]

    @property
    def name(self) -> str:
        """The name under which the holder keeps its pidfd."""
        return ports.lodged(self.netns, self.published, self.targets)

    def words(self) -> str:
        return f"publish {self.published} of {self.netns}"

    def command(self) -> str:
        listening, connecting = _socat(self.netns, self.published, self.targets)
        return f"socat {listening} EXEC:{quote(connecting)} &"

    def finding(self) -> str:
        return f"{self.netns}: nothing leads {self.published} here"

    def undo(self) -> list[Step]:
        return [StopRelay(self.netns, self.published, self.targets)]

    def act(self, sandbox: Sandbox) -> None:
        listeners = ports.listen(self.netns, self.published)
        try:
            fds = [sock.fileno() for sock in listeners]
            netns = sandbox.handle(self.netns).fd
            command = relay.command(fds, self.targets)
            beside.start(sandbox, self.name, command, fds, netns=netns)
        finally:
            for sock in listeners:
                sock.close()


class StopRelay(Deed, frozen=True):
    """Let a port of the machine go; connections through it end."""

    published: Publish
    targets: tuple[Target, ...]

    def words(self) -> str:
        return f"publish {self.published} of {self.netns} no longer"

    def command(self) -> str:
        listening, connecting = _socat(self.netns, self.published, self.targets)
        pattern = f"^socat {listening} EXEC:{connecting}$"
        return f"pkill -f {quote(_SPECIAL.sub(_LITERALLY, pattern))}"

    def finding(self) -> str:
        return f"{self.netns}: {self.published} still leads here"

    def undo(self) -> list[Step]:
        return [StartRelay(self.netns, self.published, self.targets)]

    def act(self, sandbox: Sandbox) -> None:
        beside.stop(sandbox, ports.lodged(self.netns, self.published, self.targets))


class StartResolver(Deed, frozen=True):
    """Lead name queries from the way out's own address to the machine's resolver."""

    way: Way
    server: str

    def words(self) -> str:
        return f"lead name queries to this machine's resolver at {self.server}"

    def command(self) -> str:
        inner = f"nsenter -t 1 -n socat - UDP:{_bracketed(self.server)}:{resolver.PORT}"
        bound = f"bind={_bracketed(str(self.way.near[0].ip))}"
        place = f"UDP-LISTEN:{resolver.PORT},{bound},fork"
        return f"ip netns exec {self.netns} socat {place} EXEC:{quote(_escaped(inner))} &"

    def finding(self) -> str:
        return f"{self.netns}: nothing leads name queries to {self.server}"

    def undo(self) -> list[Step]:
        return [StopResolver(self.netns, self.way, self.server)]

    def act(self, sandbox: Sandbox) -> None:
        listeners = [
            _bound(sandbox, self.netns, item.ip, kind)
            for item in self.way.near
            for kind in (_STREAM, _DATAGRAM)
        ]
        try:
            fds = [sock.fileno() for sock in listeners]
            command = relay.command(fds, [(self.server, resolver.PORT)])
            beside.start(sandbox, resolver.lodged(self.server, self.way), command, fds)
        finally:
            for sock in listeners:
                sock.close()


class StopResolver(Deed, frozen=True):
    """Lead name queries no longer."""

    way: Way
    server: str

    def words(self) -> str:
        return f"lead name queries to {self.server} no longer"

    def command(self) -> str:
        return f"pkill -f UDP-LISTEN:{resolver.PORT}"

    def finding(self) -> str:
        return f"{self.netns}: name queries still go to {self.server}"

    def undo(self) -> list[Step]:
        return [StartResolver(self.netns, self.way, self.server)]

    def act(self, sandbox: Sandbox) -> None:
        beside.stop(sandbox, resolver.lodged(self.server, self.way))


class SetResolver(Deed, frozen=True):
    """Set what the nodes find in /etc/resolv.conf."""

    text: str
    before: str

    def words(self) -> str:
        return "tell the nodes which resolver to ask"

    def command(self) -> str:
        return f"printf %s {quote(self.text)} >/etc/resolv.conf"

    def finding(self) -> str:
        return "/etc/resolv.conf: the nodes ask another resolver"

    def undo(self) -> list[Step]:
        return [SetResolver(self.netns, self.before, self.text)]

    def act(self, sandbox: Sandbox) -> None:
        sandbox.set_resolver(self.text)


def _bound(sandbox: Sandbox, netns: str, address: Address, kind: int) -> socket:
    family = _AF_INET6 if address.version == 6 else _AF_INET
    (sock,) = sandbox.sockets(family, kind, 0, [netns])
    try:
        relay.bind(sock, str(address), resolver.PORT, early=True)
    except OSError as error:
        sock.close()
        reason = f"port {resolver.PORT} of {address} in {netns}"
        raise KernelError(reason, error.errno or 0, error.strerror or "") from None
    return sock


def _socat(netns: str, published: Publish, targets: tuple[Target, ...]) -> tuple[str, str]:
    """Give socat's word for a port of the machine, and the command that leads to the node."""
    kind = published.protocol.upper()
    bound = f",bind={_bracketed(str(published.address))}" if published.address else ""
    address, port = targets[0]
    inner = f"ip netns exec {netns} socat - {kind}:{_bracketed(address)}:{port}"
    return f"{kind}-LISTEN:{published.outside}{bound},reuseaddr,fork", _escaped(inner)


def _escaped(command: str) -> str:
    """Quote a command for socat, to which a colon ends a parameter."""
    return command.replace(":", "\\:")


def _bracketed(address: str) -> str:
    return f"[{ip_address(address)}]" if ":" in address else address
