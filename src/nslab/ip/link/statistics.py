"""The counters of a link, as `ip -statistics` prints them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.options import Options
    from nslab.ip.output import Output
    from nslab.ip.program import Program
    from nslab.netlink.rtnl.link import Link
    from nslab.netlink.rtnl.stats import LinkStats64

    Columns = list[tuple[str, int | None]]  # headings and values; None leaves the place empty

_WIDTHS = (10, 7, 6, 7, 7, 7, 10, 9)
_INDENT = "    "
_POWERS = "kMGTPE"


def show_statistics(program: Program, link: Link) -> None:
    """Print the counters of a link, with -s -s what the errors were, too; no newline at the end.

    `ip link` shows them inside a link, `ip address` after its addresses.
    """
    stats = link.stats64
    if stats is None:
        return
    full = program.options.statistics > 1
    if program.out.is_json:
        _show_json(program.out, stats, link.carrier_changes, full=full)
    else:
        _show_text(program, stats, link.carrier_changes, full=full)


def _show_json(out: Output, stats: LinkStats64, changes: int | None, *, full: bool) -> None:
    out.open("stats64")
    out.open("rx")
    for key, value in _received(stats, full=full).items():
        out.json(key, value)
    out.close()
    out.open("tx")
    for key, value in _sent(stats, changes, full=full).items():
        out.json(key, value)
    out.close()
    out.close()


def _received(stats: LinkStats64, *, full: bool) -> dict[str, int]:
    found = {
        "bytes": stats.rx_bytes,
        "packets": stats.rx_packets,
        "errors": stats.rx_errors,
        "dropped": stats.rx_dropped,
        "over_errors": stats.rx_over_errors,
        "multicast": stats.multicast,
    }
    if stats.rx_compressed:
        found["compressed"] = stats.rx_compressed
    if full:
        found["length_errors"] = stats.rx_length_errors
        found["crc_errors"] = stats.rx_crc_errors
        found["frame_errors"] = stats.rx_frame_errors
        found["fifo_errors"] = stats.rx_fifo_errors
        found["missed_errors"] = stats.rx_missed_errors
    if full and stats.rx_nohandler:
        found["nohandler"] = stats.rx_nohandler
    if full and stats.rx_otherhost_dropped:
        found["otherhost"] = stats.rx_otherhost_dropped
    return found


def _sent(stats: LinkStats64, changes: int | None, *, full: bool) -> dict[str, int]:
    found = {
        "bytes": stats.tx_bytes,
        "packets": stats.tx_packets,
        "errors": stats.tx_errors,
        "dropped": stats.tx_dropped,
        "carrier_errors": stats.tx_carrier_errors,
        "collisions": stats.collisions,
    }
    if stats.tx_compressed:
        found["compressed"] = stats.tx_compressed
    if full:
        found["aborted_errors"] = stats.tx_aborted_errors
        found["fifo_errors"] = stats.tx_fifo_errors
        found["window_errors"] = stats.tx_window_errors
        found["heartbeat_errors"] = stats.tx_heartbeat_errors
    if full and changes is not None:
        found["carrier_changes"] = changes
    return found


def _show_text(program: Program, stats: LinkStats64, changes: int | None, *, full: bool) -> None:
    received, receive_errors = _receive_columns(stats), _receive_error_columns(stats)
    sent, send_errors = _send_columns(stats), _send_error_columns(stats)
    widths = list(_WIDTHS)
    if not program.options.human:
        errors = [receive_errors, [("", None), *send_errors]] if full else []  # as iproute2 does
        for columns in (received, sent, *errors):
            _widen(widths, columns)
    send_errors[-1] = ("transns" if changes is not None else "", changes)
    rows = [("RX:", received), ("TX:", sent)]
    if full:
        rows = [rows[0], ("RX errors:", receive_errors), rows[1], ("TX errors:", send_errors)]
    lines = [line for title, row in rows for line in _lines(program.options, title, row, widths)]
    program.out.text(program.out.line.join(lines))


def _receive_columns(stats: LinkStats64) -> Columns:
    return [
        ("bytes", stats.rx_bytes),
        ("packets", stats.rx_packets),
        ("errors", stats.rx_errors),
        ("dropped", stats.rx_dropped),
        ("missed", stats.rx_missed_errors),
        ("mcast", stats.multicast),
        _optional("compressed", stats.rx_compressed),
    ]


def _send_columns(stats: LinkStats64) -> Columns:
    return [
        ("bytes", stats.tx_bytes),
        ("packets", stats.tx_packets),
        ("errors", stats.tx_errors),
        ("dropped", stats.tx_dropped),
        ("carrier", stats.tx_carrier_errors),
        ("collsns", stats.collisions),
        _optional("compressed", stats.tx_compressed),
    ]


def _receive_error_columns(stats: LinkStats64) -> Columns:
    columns: Columns = [
        ("", None),
        ("length", stats.rx_length_errors),
        ("crc", stats.rx_crc_errors),
        ("frame", stats.rx_frame_errors),
        ("fifo", stats.rx_fifo_errors),
        ("overrun", stats.rx_over_errors),
    ]
    if stats.rx_nohandler:
        columns.append(("nohandler", stats.rx_nohandler))
    if stats.rx_otherhost_dropped:
        columns.append(("otherhost", stats.rx_otherhost_dropped))
    return columns


def _send_error_columns(stats: LinkStats64) -> Columns:
    return [
        ("", None),
        ("aborted", stats.tx_aborted_errors),
        ("fifo", stats.tx_fifo_errors),
        ("window", stats.tx_window_errors),
        ("heartbt", stats.tx_heartbeat_errors),
        ("", None),
    ]


def _optional(heading: str, value: int) -> tuple[str, int | None]:
    return (heading, value) if value else ("", None)


def _places(columns: Columns) -> list[int]:
    """Say which width each column has: "otherhost" its own, even where "nohandler" is missing."""
    return [7 if heading == "otherhost" else n for n, (heading, _) in enumerate(columns)]


def _widen(widths: list[int], columns: Columns) -> None:
    for place, (_, value) in zip(_places(columns), columns, strict=True):
        if value is not None:
            widths[place] = max(widths[place], len(str(value)))


def _lines(options: Options, title: str, columns: Columns, widths: list[int]) -> list[str]:
    """Give the two lines of a row: the headings, the values."""
    heads, values = "", ""
    for place, (heading, value) in zip(_places(columns), columns, strict=True):
        width = widths[place]
        heads += f"{title}{heading:>{width - len(title)}}" if not place else f" {heading:>{width}}"
        if value is not None:
            values += f"{_number(options, value):>{width}} "
        elif not place:
            values += f"{'':>{width}} "
    return [_INDENT + heads, _INDENT + values]


def _number(options: Options, value: int) -> str:
    """Write a number, with -human in three digits and with a prefix, of 1024 with -iec."""
    unit = 1024 if options.iec else 1000
    if not options.human or value < unit:
        return str(value)
    power = max(n for n in range(1, len(_POWERS) + 1) if value >= unit**n)
    whole = value // unit**power
    digits = 2 if whole < 10 else 1 if whole < 100 else 0
    suffix = "i" if options.iec else ""
    return f"{value / unit**power:.{digits}f}{_POWERS[power - 1]}{suffix}"
