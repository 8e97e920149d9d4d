"""The steps of a plan: values that can say, do and undo themselves."""

from __future__ import annotations

from nslab.plan.steps.address import AddAddress, DeleteAddress
from nslab.plan.steps.document import Remember
from nslab.plan.steps.link import (
    AddBridge,
    AddMacvlan,
    AddVeth,
    DeleteLink,
    SetLink,
    delete_together,
    with_ifindex,
)
from nslab.plan.steps.netns import AddNetns, DeleteNetns, SetSysctl
from nslab.plan.steps.route import AddRoute, DeleteRoute
from nslab.plan.steps.step import Deed, Step

__all__ = [
    "AddAddress",
    "AddBridge",
    "AddMacvlan",
    "AddNetns",
    "AddRoute",
    "AddVeth",
    "Deed",
    "DeleteAddress",
    "DeleteLink",
    "DeleteNetns",
    "DeleteRoute",
    "Remember",
    "SetLink",
    "SetSysctl",
    "Step",
    "delete_together",
    "with_ifindex",
]
