"""The topologies that people draw, from two nodes to a hundred."""

from __future__ import annotations

from itertools import combinations

from nslab.draw import Mark, Marks
from tests.draw.labs import build


def chain(size: int) -> str:
    return "\n".join(f"r{i}* -- r{i + 1}* 10.0.{i}.0/30" for i in range(1, size))


def ring(size: int) -> str:
    return "\n".join(f"r{i}* -- r{i % size + 1}* 10.0.{i}.0/30" for i in range(1, size + 1))


def star(size: int) -> str:
    return f"lan: {' '.join(f'h{i}' for i in range(1, size + 1))} 10.0.0.0/24"


def hub(size: int) -> str:
    return "\n".join(f"hub* -- h{i} 10.0.{i}.0/30" for i in range(1, size + 1))


def mesh(size: int) -> str:
    pairs = combinations(range(1, size + 1), 2)
    return "\n".join(f"r{i}* -- r{j}* 10.{i}.{j}.0/30" for i, j in pairs)


def lans(count: int, hosts: int) -> str:
    names = [" ".join(f"h{i}{j}" for j in range(1, hosts + 1)) for i in range(1, count + 1)]
    return "\n".join(f"lan{i}: r{i}* {each} 10.1.{i}.0/24" for i, each in enumerate(names, 1))


def spine_and_leaf(spines: int, leaves: int, hosts: int) -> str:
    ups = [(i, j) for i in range(1, spines + 1) for j in range(1, leaves + 1)]
    downs = [(j, k) for j in range(1, leaves + 1) for k in range(1, hosts + 1)]
    lines = [f"s{i}* -- l{j}* 10.{i}.{j}.0/30" for i, j in ups]
    lines += [f"l{j} -- h{j}{k} 10.9.{j * 16 + k}.0/30" for j, k in downs]
    return "\n".join(lines)


def fat_tree() -> str:
    cores = [(i, p, (i - 1) // 2) for i in range(1, 5) for p in range(4)]
    pods = [(p, j, k) for p in range(4) for j in range(2) for k in range(2)]
    lines = [f"c{i}* -- a{p}{j}* 10.{i}.{p}.0/30" for i, p, j in cores]
    lines += [f"a{p}{j} -- e{p}{k}* 10.2{p}.{j * 2 + k}.0/30" for p, j, k in pods]
    lines += [f"e{p}{k} -- h{p}{k}{m} 10.3{p}.{k * 2 + m}.0/30" for p, k, m in pods]
    return "\n".join(lines)


def tree(*fans: int) -> str:
    lines: list[str] = []
    level = ["n"]
    for depth, fan in enumerate(fans):
        level = [f"{name}{i}" for name in level for i in range(1, fan + 1)]
        mark = "*" if depth + 1 < len(fans) else ""
        nets = (f"10.{depth}.{i}.0/30" for i in range(len(level)))
        lines += [
            f"{name[:-1]}* -- {name}{mark} {net}" for name, net in zip(level, nets, strict=True)
        ]
    return "\n".join(lines)


def grid(size: int) -> str:
    spots = [(x, y) for x in range(size) for y in range(size)]
    lines = [f"n{x}{y}* -- n{x + 1}{y}* 10.{x}.{y}.0/30" for x, y in spots if x + 1 < size]
    lines += [f"n{x}{y}* -- n{x}{y + 1}* 10.1{x}.{y}.0/30" for x, y in spots if y + 1 < size]
    return "\n".join(lines)


TUTORIAL = """
left -- gw* 10.0.1.0/24 fd00:1::/64
lan: gw pc1 pc2 pc3 10.0.2.0/24 fd00:2::/64
"""

SMALL = {
    "two": "a -- b 10.0.0.0/30",
    "tutorial": TUTORIAL,
    "star_of_12": star(12),
    "chain_of_3": chain(3),
    "chain_of_10": chain(10),
    "ring_of_3": ring(3),
    "ring_of_8": ring(8),
    "ring_with_hosts": ring(6)
    + "\n"
    + "\n".join(f"r{i} -- h{i} 10.1.{i}.0/24" for i in range(1, 7)),
    "tree": tree(3, 3),
    "mesh_of_4": mesh(4),
    "mesh_of_6": mesh(6),
    "mesh_with_lans": mesh(4) + "\n" + lans(4, 2),
    "fabric": spine_and_leaf(2, 4, 0),
    "lans_and_dmz": """
        inet* -- gw* 203.0.113.0/30
        lan1: gw pc1 pc2 pc3 10.0.1.0/24 fd00:1::/64
        lan2: gw pc4 pc5 10.0.2.0/24 fd00:2::/64
        dmz: gw www mail 10.0.3.0/24 fd00:3::/64
        """,
    "two_gateways": """
        lan: gw1* gw2* pc1 pc2 pc3 10.0.1.0/24
        wan: gw1 gw2 isp* 203.0.113.0/29
        """,
    "parts": """
        a -- b 10.0.0.0/30
        lan: c d e 10.1.0.0/24
        alone
        empty:
        bare1 -- bare2
        """,
    "parallel": """
        a* -- b* 10.0.0.0/30
        a -- b 10.0.1.0/30
        a -- b 10.0.2.0/30
        b -- c 10.0.3.0/30
        """,
    "long_names": """
        a.very-long-name.of-a-node.that-somebody-chose* -- b 10.0.0.0/30 fd00:1234:5678:9abc::/64
        b -- WWWWMMMM.wide 10.0.1.0/30 fd12:3456:789a:bcde::/64
        b -- another-long-name 10.0.2.0/30
        """,
}
"""Those of which the whole picture is kept."""

LARGE = {
    "star_of_50": star(50),
    "star_of_100": star(100),
    "star_of_5000": star(5000).replace("10.0.0.0/24", "10.0.0.0/16"),
    "hub_of_40": hub(40),
    "hub_of_99": hub(99),
    "ring_of_26": ring(26),
    "chain_of_40": chain(40),
    "chain_with_lans": chain(8) + "\n" + lans(8, 2),
    "ring_with_lans": ring(5) + "\n" + lans(5, 3),
    "fabric_with_hosts": spine_and_leaf(4, 6, 2),
    "fabric_of_90": spine_and_leaf(4, 10, 8),
    "fat_tree": fat_tree(),
    "tree_of_65": tree(4, 3, 4),
    "grid": grid(4),
    "mesh_of_9": mesh(9),
    "mesh_of_12": mesh(12),
    "hub_and_lans": "\n".join(f"gw* -- r{i}* 10.0.{i}.0/30" for i in range(1, 5))
    + "\n"
    + lans(4, 5),
    "large_lan_and_dmz": f"""
        inet* -- gw* 203.0.113.0/30
        lan: gw {" ".join(f"pc{i}" for i in range(1, 41))} 10.0.1.0/24
        dmz: gw www mail 10.0.3.0/24
        """,
}

MARKS: Marks = {
    "gw": Mark("changed", "a router now"),
    ("left", "eth0"): Mark("impaired", "delay 10ms, loss 1%"),
    ("gw", "eth1"): Mark("down", "no carrier"),
    ("pc1", "eth0"): Mark("changed", "mtu 1400"),
    "pc2": Mark("deleted"),
    "pc3": Mark("added"),
}
"""Marks of the tutorial's lab."""

LABS = {name: build(text) for name, text in {**SMALL, **LARGE}.items()}
