"""Steps of a way out: those that are taken by programs and the machine, not by netlink."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from nslab.errors import KernelError
from nslab.kernel import conntrack, pasta
from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.kernel.sockets import AF_NETLINK, open_socket
from nslab.kernel.transport import Transport
from nslab.lab.uplink import UPLINK
from nslab.nft import program, rules
from nslab.plan.steps.step import Deed, Step
from nslab.plan.way import host, tables
from nslab.plan.way.choose import PREFIX, pasta_arguments

if TYPE_CHECKING:
    from _socket import socket

    from nslab.kernel.sandbox import Sandbox
    from nslab.lab.model import Address, Publish
    from nslab.nft.rules import Json, Table
    from nslab.plan.way.choose import Way

_RAW = 3  # SOCK_RAW


class StartPasta(Deed, frozen=True):
    """Start pasta, which makes the link `uplink` in the netns `outside`."""

    way: Way

    def words(self) -> str:
        return "start pasta, which leads the lab out"

    def command(self) -> str:
        arguments = " ".join(map(quote, pasta_arguments(self.way)))
        return f"pasta {arguments} --netns /run/netns/{OUTSIDE}"

    def finding(self) -> str:
        return f"{OUTSIDE}: pasta does not run"

    def undo(self) -> list[Step]:
        return [StopPasta(self.netns, self.way)]

    def act(self, sandbox: Sandbox) -> None:
        pasta.start(sandbox, pasta_arguments(self.way), UPLINK)


class StopPasta(Deed, frozen=True):
    """End pasta; its link goes with it."""

    way: Way

    def words(self) -> str:
        return "end pasta"

    def command(self) -> str:
        return "kill $(pidof pasta)"

    def finding(self) -> str:
        return f"{OUTSIDE}: pasta still leads out"

    def undo(self) -> list[Step]:
        return [StartPasta(self.netns, self.way)]

    def act(self, sandbox: Sandbox) -> None:
        pasta.stop(sandbox)


class SetTable(Deed, frozen=True):
    """Put an nftables table into a netns of the lab, in the place of the one before, or delete it.

    Attributes:
        table: what is to be; None for nothing.
        before: what was.
    """

    table: Table | None
    before: Table | None = None

    def words(self) -> str:
        verb = "delete" if self.table is None else "set"
        return f"{verb} the nftables table {tables.OURS} of {self.netns}"

    def command(self) -> str:
        said = rules.drop_words(tables.OURS) if self.table is None else self.table.words()
        return f"ip netns exec {self.netns} nft {quote(said)}"

    def finding(self) -> str:
        return f"{self.netns}: the nftables table {tables.OURS} is not as it should be"

    def undo(self) -> list[Step]:
        return [SetTable(self.netns, self.before, self.table)]

    def act(self, sandbox: Sandbox) -> None:
        program.load(self._commands(), (sandbox.lab, sandbox.pid, self.netns))

    def _commands(self) -> list[Json]:
        return rules.drop_command(tables.OURS) if self.table is None else self.table.commands()


class OpenHost(Deed, frozen=True):
    """Let the machine forward and masquerade for the lab; what it was like is remembered.

    Attributes:
        way: what is to be.
        versions: the IP versions that the machine shall forward.
        doors: the chains of others that let nothing through by themselves.
        before: what was, None for nothing.
    """

    way: Way
    versions: tuple[int, ...]
    doors: tuple[tuple[str, str, str], ...] = ()
    before: Way | None = None

    def words(self) -> str:
        past = ", ".join(" ".join(door) for door in self.doors)
        return f"let this machine forward for the lab{f', past the rules of {past}' * bool(past)}"

    def command(self) -> str:
        settings = " ".join(f"{host.FORWARDING[version]}=1" for version in self.versions)
        sysctl = f"sysctl -qw {settings}; " if settings else ""
        said = [tables.host_table(self.way, {}).words()]
        for door in self.doors:
            said += tables.admission_words(self.way, door)
        return f"{sysctl}nft {quote('; '.join(said))}"

    def finding(self) -> str:
        return f"{HOST}: this machine does not forward for the lab"

    def undo(self) -> list[Step]:
        if self.before is not None:
            return [OpenHost(self.netns, self.before, self.versions, self.doors, self.way)]
        return [CloseHost(self.netns, self.way, self.versions)]

    def act(self, _: Sandbox) -> None:
        try:
            host.open_for(self.way, set(self.versions))
        except BaseException:
            if self.before is not None:
                host.open_for(self.before, set(self.versions))
            raise


class CloseHost(Deed, frozen=True):
    """Take back what the machine did for the lab."""

    way: Way
    versions: tuple[int, ...]

    def words(self) -> str:
        return "let this machine be as it was before the lab"

    def command(self) -> str:
        return f"nft {quote(rules.drop_words(PREFIX + self.way.lab))}"

    def finding(self) -> str:
        return f"{HOST}: this machine still forwards for the lab"

    def undo(self) -> list[Step]:
        return [OpenHost(self.netns, self.way, self.versions)]

    def act(self, _: Sandbox) -> None:
        try:
            host.close_for(self.way.lab)
        except BaseException:  # it may be half closed
            host.open_for(self.way, set(self.versions))
            raise


class DropConnections(Deed, frozen=True):
    """End the connections through a port that is published no longer; new ones cannot come.

    Attributes:
        published: the port.
        to: where they were led in this netns.
    """

    published: Publish
    to: Address

    def words(self) -> str:
        return f"end what came by {self.published} to {self.to} in {self.netns}"

    def command(self) -> str:
        where = "" if self.netns == HOST else f"ip netns exec {self.netns} "
        port = f"-p {self.published.protocol} --orig-port-dst {self.published.outside}"
        return f"{where}conntrack -D {port} --reply-src {self.to}"

    def finding(self) -> str:
        return f"{self.netns}: connections by {self.published} are still let through"

    def undo(self) -> list[Step]:
        return []

    def act(self, sandbox: Sandbox) -> None:
        with Transport(self._socket(sandbox)) as transport:
            port = self.published.outside
            try:
                conntrack.flush_forwarded(transport, self.published.protocol, port, self.to)
            except KernelError:  # nothing is tracked here, so nothing was led anywhere
                return

    def _socket(self, sandbox: Sandbox) -> socket:
        family = conntrack.NETLINK_NETFILTER
        if self.netns == HOST:
            return open_socket(family)
        return sandbox.sockets(AF_NETLINK, _RAW, family, [self.netns])[0]
