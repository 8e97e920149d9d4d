"""Bytes to values and back: the netlink protocol as pure functions.

`attrs` holds the codecs and the `Message` base, `message` the framing, `rtnl/` one file an object
of rtnetlink(7). Nothing here opens a socket: that is `nslab.kernel.transport`. Nothing here imports
`dataclasses`, `enum` or `typing` either, because `nslab ip` starts in the time they take to load.
"""
