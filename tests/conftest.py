"""What all tests begin with: signals as in front of a terminal, and all programs to be found."""

from __future__ import annotations

import os
import signal

if "/usr/sbin" not in os.environ["PATH"].split(":"):  # where a plain user's `sysctl` and `nft` are
    os.environ["PATH"] += ":/usr/sbin:/sbin"

# What a shell's job in the background ignores, they do not.
for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)
