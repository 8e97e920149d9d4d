"""`bridge fdb`: which link-layer address is behind which port."""

from nslab.ip.bridge.fdb.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
