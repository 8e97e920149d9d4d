"""`bridge vlan`: which VLANs the ports of bridges take, and the tunnels that VLANs map to."""

from nslab.ip.bridge.vlan.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
