"""`ip tuntap`: links whose other end is a program."""

from nslab.ip.tuntap.commands import BARE, COMMANDS, NAME

__all__ = ["BARE", "COMMANDS", "NAME"]
