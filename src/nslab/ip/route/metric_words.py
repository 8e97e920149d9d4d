"""The words that give a route its metrics: `mtu lock 1400`, `rtt 20ms`, `features ecn`."""

from __future__ import annotations

from nslab.ip.words import unsigned, wrong
from nslab.netlink.rtnl.route import RTAX, RouteMetrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from nslab.ip.words import Words

    Reader = Callable[["MetricWords", Words], None]

_ECN = 1
_NUMBERS = 1 << 32
_TOO_BIG = 1 << 63  # what C makes of a larger one on a 64-bit machine ends in zeros
_MILLISECONDS = {"": 1, "s": 1000, "sec": 1000, "secs": 1000, "ms": 1, "msec": 1, "msecs": 1}


class MetricWords:
    """The metrics that were given so far."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.congestion: str | None = None
        self.lock = 0

    def message(self) -> RouteMetrics | None:
        """Give them as a message, None if there are none."""
        get = self.numbers.get
        if not self.numbers and self.congestion is None:
            return None
        return RouteMetrics(
            lock=self.lock or None,
            mtu=get("mtu"),
            window=get("window"),
            rtt=get("rtt"),
            rttvar=get("rttvar"),
            ssthresh=get("ssthresh"),
            cwnd=get("cwnd"),
            advmss=get("advmss"),
            reordering=get("reordering"),
            hoplimit=get("hoplimit"),
            initcwnd=get("initcwnd"),
            features=get("features"),
            rto_min=get("rto_min"),
            initrwnd=get("initrwnd"),
            quickack=get("quickack"),
            cc_algo=self.congestion,
            fastopen_no_cookie=get("fastopen_no_cookie"),
        )

    def take(self, words: Words, number: int) -> str:
        """Give the next word; `lock` before it forbids the kernel to change that metric."""
        word = words.take()
        if word == "lock":
            self.lock |= 1 << number
            word = words.take()
        return word


def read_time(text: str) -> tuple[int, bool] | None:
    """Read a time into milliseconds, rounded up, and whether it had no unit; None if it is none."""
    end = 0
    while end < len(text) and (text[end].isascii() and text[end] in "+-.xX0123456789"):
        end += 1
    unit = text[end:].lower()
    value = _read_number(text[:end])
    if value is None or unit not in _MILLISECONDS:
        return None
    value *= _MILLISECONDS[unit]
    whole = int(value) % _NUMBERS if value < _TOO_BIG else 0
    return (whole + (whole < value)) % _NUMBERS, not unit


def _read_number(text: str) -> float | None:
    if "." in text:
        try:
            value = float(text)
        except ValueError:
            return None
        return value if value >= 0 else None
    digits = text.lstrip("-")
    number = unsigned(digits, 64) if len(text) - len(digits) < 2 else None
    return None if number is None else float(number if digits == text else -number % (1 << 64))


def _number(name: str, number: int, called: str, highest: int = _NUMBERS - 1) -> Reader:
    """Make the reader of a number that can be locked."""

    def read(given: MetricWords, words: Words) -> None:
        word = given.take(words, number)
        value = unsigned(word, 32)
        if value is None or value > highest:
            raise wrong(word, f'"{called}" value is invalid\n')
        given.numbers[name] = value

    return read


def _time(name: str, number: int, scale: int) -> Reader:
    """Make the reader of a time that the kernel keeps in milliseconds / scale."""

    def read(given: MetricWords, words: Words) -> None:
        word = given.take(words, number)
        time = read_time(word)
        if time is None:
            raise wrong(word, f'"{name}" value is invalid\n')
        value, raw = time
        given.numbers[name] = value if raw else value * scale % _NUMBERS

    return read


def _switch(name: str) -> Reader:
    """Make the reader of 0 or 1."""

    def read(given: MetricWords, words: Words) -> None:
        word = words.take()
        value = unsigned(word, 32)
        if value is None:
            raise wrong(word, f'"{name}" value is invalid\n')
        if value > 1:
            raise wrong(word, f'"{name}" value should be 0 or 1\n')
        given.numbers[name] = value

    return read


def _read_rto_min(given: MetricWords, words: Words) -> None:
    word = words.take()
    time = read_time(word)
    if time is None:
        raise wrong(word, '"rto_min" value is invalid\n')
    given.lock |= 1 << RTAX.RTO_MIN
    given.numbers["rto_min"] = time[0]


def _read_features(given: MetricWords, words: Words) -> None:
    word = words.take()
    if word != "ecn":
        raise wrong(word, '"features" value not valid\n')
    given.numbers["features"] = _ECN


def _read_congestion(given: MetricWords, words: Words) -> None:
    given.congestion = given.take(words, RTAX.CC_ALGO)


METRICS: dict[str, Reader] = {
    "mtu": _number("mtu", RTAX.MTU, "mtu"),
    "hoplimit": _number("hoplimit", RTAX.HOPLIMIT, "hoplimit", 255),
    "advmss": _number("advmss", RTAX.ADVMSS, "mss"),
    "[reordering]": _number("reordering", RTAX.REORDERING, "reordering"),
    "rtt": _time("rtt", RTAX.RTT, 8),
    "rto_min": _read_rto_min,
    "[window]": _number("window", RTAX.WINDOW, "window"),
    "[cwnd]": _number("cwnd", RTAX.CWND, "cwnd"),
    "[initcwnd]": _number("initcwnd", RTAX.INITCWND, "initcwnd"),
    "[initrwnd]": _number("initrwnd", RTAX.INITRWND, "initrwnd"),
    "[features]": _read_features,
    "[quickack]": _switch("quickack"),
    "[congctl]": _read_congestion,
    "[rttvar]": _time("rttvar", RTAX.RTTVAR, 4),
    "[ssthresh]": _number("ssthresh", RTAX.SSTHRESH, "ssthresh"),
}
"""The words in the order of abbreviation."""

LATE_METRICS: dict[str, Reader] = {
    "[fastopen_no_cookie]": _switch("fastopen_no_cookie"),
}
"""Those that come after all other words of a route."""
