"""The way out of a lab: by a veth and the kernel's own forwarding (root), or by pasta.

`choose` decides which, and with which addresses; `tables` says what nftables is to do, `host` opens
the machine for it and closes it again, `resolver` leads name queries out. None of it is used for a
lab without an uplink.
"""
