"""`ip link`: links, of every kind."""

from nslab.ip.link.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
