"""A running lab: find it, look at it, run things in it, take it down."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Self

from nslab.errors import LabNotRunningError, NodeNotFoundError, NslabError
from nslab.kernel.sandbox import Sandbox, no_such_node
from nslab.kernel.spawn import connect_again
from nslab.lab import Desired, Lab, desired_of
from nslab.plan.ending import take_down
from nslab.plan.planning import document_of, drifts, past_of, read_back, see

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from nslab.lab.build import NodeRef
    from nslab.lab.model import Address
    from nslab.plan.drift import Drift
    from nslab.plan.expect.finding import Checks
    from nslab.plan.node import Node
    from nslab.plan.pings import Pings
    from nslab.plan.way.trace import Hop

    T = TypeVar("T")

    Named = str | NodeRef | Node
    """A node: its name, or what `Lab.node` or a running lab gave for it."""


def connect(name: str) -> Running:
    """Find a running lab.

    Raises:
        LabNotRunningError: there is none of that name.
    """
    with Sandbox.connect(name) as sandbox:
        return Running(name, sandbox.pid, None)


class Running:
    """A running lab, for any number of threads; the end of its `with` block is the lab's."""

    def __init__(self, name: str, pid: int, sandbox: Sandbox | None) -> None:
        self.name = name
        self.pid = pid
        self._sandbox = sandbox
        self._seen: set[str] = set()

    def __repr__(self) -> str:
        return f"Running({self.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def __getitem__(self, node: Named) -> Node:
        """Give a node; of one that was there before, its own methods tell if it has gone.

        Args:
            node: its name, or what `Lab.node` gave for it.

        Raises:
            NodeNotFoundError: the lab has no such node.
        """
        name = _name(node)
        if name not in self._seen:
            with self.open() as sandbox:
                self._seen = set(names := sandbox.names())
            if name not in names:
                raise no_such_node(self.name, name, names)
        from nslab.plan.node import Node

        return Node(self.name, self.pid, name)

    def __iter__(self) -> Iterator[str]:
        """Give the names of the nodes, in the order of the lab."""
        return iter([node.name for node in self.desired().nodes])

    def __contains__(self, node: object) -> bool:
        return getattr(node, "name", node) in list(self)

    def open(self) -> Sandbox:
        """Open a connection of the caller's own to the lab's holder.

        Raises:
            LabNotRunningError: the lab ended; another one may have its name.
        """
        return connect_again(self.name, self.pid)

    def down(self) -> None:
        """Remove every trace of the lab; one that is gone already is no error."""
        held, self._sandbox = self._sandbox, None
        self._seen = set()
        try:
            with self.open() as sandbox:
                take_down(sandbox)
        except LabNotRunningError:
            pass
        finally:
            if held is not None:
                held.close()

    def desired(self) -> Desired:
        """Give the lab as it was last brought up."""
        with self.open() as sandbox:
            return document_of(sandbox)

    def observed(self) -> Desired:
        """Read the lab back from the kernel, in the file's own terms."""
        return self._look(lambda sandbox: read_back(sandbox, lasting=True)[0])

    def drift(self, lab: Lab | Desired | None = None) -> list[Drift]:
        """List the differences between the lab (as last brought up, or as given) and the kernel."""

        def look(sandbox: Sandbox) -> list[Drift]:
            past = past_of(sandbox)
            return drifts(sandbox, past[0] if lab is None else desired_of(lab), past)

        return self._look(look)

    def _look(self, look: Callable[[Sandbox], T]) -> T:
        """Look at the lab; once more if it has become another meanwhile."""
        with self.open() as sandbox:
            while True:
                document = sandbox.get()[0]
                try:
                    found = look(sandbox)
                except NodeNotFoundError:
                    if sandbox.get()[0] == document:
                        raise
                else:
                    if sandbox.get()[0] == document:
                        return found

    def trace(self, node: Named) -> list[Hop]:
        """Look at a node's way out of the lab hop by hop, up to the first one that fails.

        Raises:
            NodeNotFoundError: the lab has no such node.
        """
        from nslab.plan.way.trace import trace

        with self.open() as sandbox:
            desired = document_of(sandbox)
            name = _name(node)
            _refuse_strangers(desired, name)
            return trace(sandbox, desired, see(sandbox, desired), name)

    def check(
        self,
        *,
        outside: Sequence[str | Address] = (),
        timeout: float = 1.0,
        tries: int = 3,
        progress: Callable[[int, int], None] | None = None,
    ) -> Checks:
        """Test what the lab expects; without `expect`, that all on one segment reach each other.

        An endpoint that has no address in the file is asked for at those that it has in the kernel.

        Args:
            outside: the addresses that the target `outside` stands for; without them, those of the
                machine's default gateways and name servers that answer the machine itself.
            timeout: seconds to wait for one answer.
            tries: how often each is asked before it counts as not reached.
            progress: called now and then with the number of probes done, and of all.

        Raises:
            NslabError: nothing can be expected, as no two nodes share a segment.
            ValueError: the timeout is not above 0, there is no try, or `outside` is no address.
        """
        from nslab.plan.bare import with_found
        from nslab.plan.expect.check import check
        from nslab.plan.pings import Asking

        asking = Asking(timeout, tries, progress)
        given = tuple(ip_address(address) for address in outside)
        with self.open() as sandbox:
            lab = with_found(sandbox, document_of(sandbox))
            checks = check(sandbox, lab, asking, given)
        if not checks.findings:
            raise NslabError(
                f'nothing can be expected of the lab "{self.name}": no two nodes share a segment'
            )
        return checks

    def ping(
        self,
        source: Named | None = None,
        target: Named | None = None,
        *,
        timeout: float = 1.0,
        tries: int = 3,
        progress: Callable[[int, int], None] | None = None,
    ) -> Pings:
        """Ping one pair, all from `source`, or every pair of nodes, all at once.

        An endpoint that has no address in the file is asked for at one that it has in the kernel.

        Args:
            source: the node to ask from, or None for every node.
            target: the node to reach, or None for every other.
            timeout: seconds to wait for one answer.
            tries: how often each is asked before it counts as broken.
            progress: called now and then with the number of pairs done, and of all.

        Raises:
            NodeNotFoundError: the lab has no such node.
            NslabError: there is nobody to ask, as no other node has an address.
            ValueError: the timeout is not above 0, or there is no try.
        """
        from nslab.plan.bare import with_found
        from nslab.plan.pings import Asking, ping, probes_of

        asking = Asking(timeout, tries, progress)
        with self.open() as sandbox:
            desired = document_of(sandbox)
            one, other = (None if node is None else _name(node) for node in (source, target))
            _refuse_strangers(desired, one, other)
            desired = with_found(sandbox, desired, [one, other] if one and other else [])
            probes = probes_of(desired, one, other)
            if not probes and other is not None:
                raise NslabError(f"{other} has no address to ping")
            if not probes:
                raise NslabError(f'the lab "{self.name}" has no two nodes with addresses')
            return ping(sandbox, desired, probes, asking)


def _name(node: Named) -> str:
    return node if isinstance(node, str) else node.name


def _refuse_strangers(lab: Desired, *names: str | None) -> None:
    """Take names of nodes, or None.

    Raises:
        NodeNotFoundError: the lab has no such node.
    """
    nodes = [node.name for node in lab.nodes]
    for name in names:
        if name in [bridge.name for bridge in lab.bridges]:
            hint = "only nodes ping, and are pinged"
            raise NodeNotFoundError(f'"{name}" is a bridge of the lab "{lab.name}"', hint=hint)
        if name is not None and name not in nodes:
            raise no_such_node(lab.name, name, nodes)


def summary(name: str) -> dict[str, str | int]:
    """Tell what `nslab ls` prints of a running lab: name, nodes, source, start time, holder."""
    import json

    with Sandbox.connect(name) as sandbox:
        document, source, started, state = sandbox.get()
        nodes = len(json.loads(document).get("nodes", {})) if document else 0
        return {
            "lab": name,
            "state": state,
            "nodes": nodes,
            "file": source,
            "started": started,
            "pid": sandbox.pid,
        }
