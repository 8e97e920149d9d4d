"""`ip route`: the routing tables."""

from nslab.ip.route.commands import BARE, COMMANDS, NAME, check

__all__ = ["BARE", "COMMANDS", "NAME", "check"]
