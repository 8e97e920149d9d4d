"""The networks that are built: pure, each shape told once, for any number of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapes.chain import chain
from shapes.fat_tree import fat_tree
from shapes.mesh import mesh
from shapes.network import Network
from shapes.star import dual, flat, star
from shapes.tree import tree

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape: its name in tables, and the function that builds it."""

    title: str
    build: Callable[[int], Network]


SHAPES = {
    "star": Shape("star", star),
    "dual": Shape("star, IPv4 and IPv6", dual),
    "flat": Shape("one flat segment", flat),
    "chain": Shape("chain of routers", chain),
    "tree": Shape("tree of routers", tree),
    "mesh": Shape("full mesh of cables", mesh),
    "fat-tree": Shape("fat tree", fat_tree),
}

__all__ = ["SHAPES", "Network", "Shape"]
