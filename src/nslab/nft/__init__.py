"""nftables: rule sets as plain values, in the JSON of libnftables-json(5), and the program `nft`.

`rules` makes the values and compares them, without I/O; `program` has `nft` read and set them.
"""
