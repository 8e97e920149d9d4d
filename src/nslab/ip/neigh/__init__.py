"""`ip neigh`: which link-layer address an address of the internet has on a link."""

from nslab.ip.neigh.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
