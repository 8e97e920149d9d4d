"""`ip netns`: names of network namespaces, and programs in them."""

from nslab.ip.netns.commands import BARE, COMMANDS, NAME, check

__all__ = ["BARE", "COMMANDS", "NAME", "check"]
