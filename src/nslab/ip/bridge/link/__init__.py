"""`bridge link`: the ports of bridges and their settings."""

from nslab.ip.bridge.link.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
