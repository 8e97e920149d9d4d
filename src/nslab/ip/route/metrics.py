"""The metrics of a route: how they are printed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.output import Output
    from nslab.netlink.rtnl.route import RouteMetrics

_NAMES = {  # by their numbers, linux/rtnetlink.h, RTAX_*
    2: "mtu",
    3: "window",
    4: "rtt",
    5: "rttvar",
    6: "ssthresh",
    7: "cwnd",
    8: "advmss",
    9: "reordering",
    10: "hoplimit",
    11: "initcwnd",
    12: "features",
    13: "rto_min",
    14: "initrwnd",
    15: "quickack",
    17: "fastopen_no_cookie",
}
_MILLISECONDS = {"rtt": 8, "rttvar": 4, "rto_min": 1}
_ECN = 1
_CONGESTION = 16


def show_metrics(out: Output, metrics: RouteMetrics) -> None:
    """Print all metrics, in the order of their numbers."""
    lock = metrics.lock or 0
    out.open_array("metrics")
    out.open()
    for number, name in _NAMES.items():
        if number > _CONGESTION:
            _show_congestion(out, metrics.cc_algo, locked=bool(lock >> _CONGESTION & 1))
        value: int | None = getattr(metrics, name)
        if value is not None:
            _show(out, name, value, locked=bool(lock >> number & 1))
    out.close()
    out.close_array()


def _show(out: Output, name: str, value: int, *, locked: bool) -> None:
    if name == "features":
        _show_features(out, value)
    elif name != "hoplimit" or value != 0xFFFFFFFF:
        out.text(f"{name} lock " if locked else f"{name} ")
        _show_value(out, name, value)


def _show_value(out: Output, name: str, value: int) -> None:
    if name not in _MILLISECONDS:
        out.put(name, "%u ", value)
        return
    value //= _MILLISECONDS[name]
    out.json(name, value)
    out.text(f"{value / 1000:g}s " if value >= 1000 else f"{value}ms ")


def _show_features(out: Output, features: int) -> None:
    out.text("features ")
    if features & _ECN:
        out.json("ecn", None)
        out.text("ecn ")
    if features & ~_ECN:
        out.put("features", "0x%x ", features & ~_ECN)


def _show_congestion(out: Output, name: str | None, *, locked: bool) -> None:
    if name is not None:
        out.text("congctl lock " if locked else "congctl ")
        out.put("congestion", "%s ", name)
