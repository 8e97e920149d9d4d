"""What came of testing expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from nslab.plan.pings import summed

if TYPE_CHECKING:
    from nslab.lab.model import Address, Expectation

Outcome: TypeAlias = Literal["ok", "broken", "untested"]


class Finding(Struct, frozen=True):
    """What came of one expectation, for one pair and one address.

    Attributes:
        expectation: as the file says it, or one that every lab has.
        source: the node (or `outside`) that asked.
        target: the node, `outside` or the address that was asked.
        address: what was asked for; None where there was none to ask for.
        outcome: "ok", as expected; "broken"; "untested", if nothing could be proven.
        seconds: how long the answer took, None where none came.
        reason: where it breaks, or why it could not be tested; "" if it is as expected.
    """

    expectation: Expectation
    source: str
    target: str
    address: Address | None
    outcome: Outcome
    seconds: float | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is as expected."""
        return self.outcome == "ok"

    @property
    def pair(self) -> str:
        """The pair in the file's words: `pc1 -> far tcp/80`."""
        one = self.expectation
        how = f" {one.protocol}/{one.port}" if one.port else ""
        return f"{self.source} {'->' if one.reach else '-/>'} {self.target}{how}"

    def __str__(self) -> str:
        place = f" ({self.address})" if self.address and str(self.address) != self.target else ""
        if self.reason:
            return f"{self.pair}{place}: {self.reason}"
        if self.seconds is None:
            return f"{self.pair}{place}: not reached, as it must be"
        return f"{self.pair}{place}: {self.seconds * 1000:.2f} ms"


class Checks(Struct, frozen=True):
    """The outcome of `check`: findings in the order of the expectations."""

    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return summed("Checks", len(self.findings), [one for one in self.findings if not one.ok])

    @property
    def ok(self) -> bool:
        """Whether all was tested and is as expected."""
        return all(one.ok for one in self.findings)

    @property
    def broken(self) -> tuple[Finding, ...]:
        """What is not as expected."""
        return tuple(one for one in self.findings if one.outcome == "broken")

    @property
    def untested(self) -> tuple[Finding, ...]:
        """What could not be tested."""
        return tuple(one for one in self.findings if one.outcome == "untested")
