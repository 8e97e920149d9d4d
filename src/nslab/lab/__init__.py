"""The model of a lab: plain data, read, checked and written; no I/O but the reading of a file."""

from nslab.lab.build import BridgeRef, End, Lab, NodeRef, desired_of, end
from nslab.lab.document import Tree
from nslab.lab.dump import dump, dumps
from nslab.lab.load import load, loads
from nslab.lab.model import (
    Address,
    Bridge,
    Cable,
    Desired,
    Endpoint,
    Interface,
    Network,
    Node,
    Route,
)

__all__ = [
    "Address",
    "Bridge",
    "BridgeRef",
    "Cable",
    "Desired",
    "End",
    "Endpoint",
    "Interface",
    "Lab",
    "Network",
    "Node",
    "NodeRef",
    "Route",
    "Tree",
    "desired_of",
    "dump",
    "dumps",
    "end",
    "load",
    "loads",
]
