"""The sections about networks: one a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from field import BATCH, COMMAND, FLOOR, LIBRARY, MININET
from report.data import LARGE
from report.pictures import largest
from report.targets import EXEC, ping_rate, ping_sizes
from report.words import NONE, folded, middle, number, ratio, share, spread, table
from shapes import SHAPES

if TYPE_CHECKING:
    from report.data import Data


def up(data: Data) -> str:
    """Write who builds a star how fast."""
    sizes = [size for size in data.sizes("star") if size <= LARGE]
    head = ["contestant"]
    for size in sizes:
        head += [f"{size:,} nodes, s", "nslab = 1"]
    rows = []
    for who, title in data.titles.items():
        row = [title]
        for size in sizes:
            value = data.up(who, size)
            row += [number(value), number(ratio(value, data.up(LIBRARY, size)))]
        if set(row[1:]) != {NONE}:
            rows.append(row)
    details = [f"**{size:,} nodes**\n\n{_details(data, size)}" for size in sizes]
    return f"{table(head, rows)}\n\n{folded('CPU time, memory, spread', chr(10).join(details))}"


def _details(data: Data, size: int) -> str:
    head = "contestant|up, s|user CPU, s|system CPU, s|user CPU / up|rounds"
    rows = []
    for who, title in data.titles.items():
        if runs := data.of(who, "star", size):
            shares = middle([run["user"] / run["up"] for run in runs])
            rows.append(
                [
                    title,
                    spread([run["up"] for run in runs]),
                    number(data.figure("user", who, size)),
                    number(data.figure("system", who, size)),
                    share(shares),
                    str(len(runs)),
                ]
            )
    return table(head.split("|"), rows) + "\n"


def growth(data: Data) -> str:
    """Write what a node costs as networks grow."""
    sizes = data.sizes("star")
    head = ["ms a node of a star", *(f"{size:,}" for size in sizes)]
    rows = []
    for who, title in data.titles.items():
        costs = [ratio(data.up(who, size), size / 1000) for size in sizes]
        if any(costs):
            rows.append([title, *map(number, costs)])
    return table(head, rows)


def shapes(data: Data) -> str:
    """Write how each shape is built."""
    head = ["shape", "nodes", "veths", "floor, s", "nslab, s", "floor = 1"]
    peers = (BATCH, MININET)
    head += [f"{data.titles[who]}, nslab = 1" for who in peers]
    rows = []
    for shape, words in SHAPES.items():
        for size in data.sizes(shape):
            ours, floor = data.up(LIBRARY, size, shape), data.up(FLOOR, size, shape)
            if ours is None or shape == "star":
                continue
            links = f"{data.of(LIBRARY, shape, size)[0]['links']:,}"
            against = [number(ratio(data.up(who, size, shape), ours)) for who in peers]
            row = [words.title, f"{size:,}", links, number(floor), number(ours)]
            rows.append([*row, number(ratio(ours, floor)), *against])
    return table(head, rows) if rows else ""


def down(data: Data) -> str:
    """Write who removes a star how fast."""
    size = largest(data)
    head = ["contestant", "returns after, s", "kernel done after, s", "of its own up", "nslab = 1"]
    ours = data.figure("gone", LIBRARY, size)
    rows = []
    for who, title in data.titles.items():
        if data.of(who, "star", size):
            gone, returned = data.figure("gone", who, size), data.figure("down", who, size)
            of_up = share(ratio(returned, data.up(who, size)))
            rows.append([title, number(returned), number(gone), of_up, number(ratio(gone, ours))])
    return table(head, rows)


def change(data: Data) -> str:
    """Write what a second `up` costs."""
    rows = []
    for who in (LIBRARY, COMMAND):
        for size in sorted({run["nodes"] for run in data.figures("change").get("runs", [])}):
            first = data.part_up("change", who, size)
            again = data.also("change", "again", who, size)
            changed = data.also("change", "change", who, size)
            rows.append(
                [
                    f"{data.titles[who]}, {size:,} nodes",
                    number(first),
                    number(again),
                    share(ratio(again, first)),
                    number(changed),
                    share(ratio(changed, first)),
                ]
            )
    head = "|first up, s|second up, s|of the first|one node changed, s|of the first"
    return table(head.split("|"), rows) if rows else ""


def programs(data: Data) -> str:
    """Write what it costs to run a program in a node."""
    rows = []
    for nodes in EXEC:
        for who, title in data.titles.items():
            inside = data.also("exec", "exec", who, nodes)
            plain = data.also("exec", "exec_plain", who, nodes)
            if inside is not None and plain is not None:
                each = [number(1000 * value / nodes) for value in (inside, plain)]
                rows.append([f"{title}, {nodes:,} nodes", *each, number(ratio(inside, plain))])
    head = ["`true` once in each node", "ms each", "`subprocess.run`, ms", "ratio"]
    return table(head, rows) if rows else ""


def pings(data: Data) -> str:
    """Write how fast all pairs are pinged."""
    rows = []
    for size in ping_sizes(data):
        for who in (LIBRARY, MININET):
            if sent := data.also("ping", "sent", who, size):
                lost = data.also("ping", "lost", who, size)
                seconds = data.also("ping", "ping", who, size)
                rate = ping_rate(data, who, size)
                row = [f"{data.titles[who]}, {size} nodes", f"{sent:,.0f}", number(lost)]
                rows.append([*row, number(seconds), f"{rate or 0:,.0f}"])
    return table(["", "pings", "lost", "s", "pings a second"], rows) if rows else ""


def memory(data: Data) -> str:
    """Write who needs how much memory."""
    size = largest(data)
    rows = []
    for who, title in data.titles.items():
        if data.of(who, "star", size):
            kernel = data.figure("kernel_kib", who, size)
            values = [ratio(data.figure(key, who, size), 1024) for key in ("peak_kib", "held_kib")]
            rows.append([title, number(ratio(kernel, size)), *map(number, values)])
    head = [f"{size:,} nodes", "kernel, KiB a node", "largest process, MiB", "held while up, MiB"]
    return table(head, rows) if rows else ""
