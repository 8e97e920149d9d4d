"""Kinds of link: one file a kind, or a few that share their words; loaded when first needed.

A module has what its kind needs of:

- `USAGE`: what `ip link help KIND` and `type KIND help` print.
- `read(program, words, ...)`: the words after `type KIND`.
- `show(program, data)`: what `ip -details link show` prints of IFLA_INFO_DATA (or _SLAVE_DATA).
"""

from nslab.ip.link.kinds.table import module_of

__all__ = ["module_of"]
