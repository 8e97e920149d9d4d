"""What all tests begin with: what a shell's job in the background ignores, they do not."""

from __future__ import annotations

import signal

for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
