"""`ip address`: the addresses of links."""

from nslab.ip.address.commands import BARE, COMMANDS, NAME, check

__all__ = ["BARE", "COMMANDS", "NAME", "check"]
