"""`ip rule`: which routing table a packet is looked up in."""

from nslab.ip.rule.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
