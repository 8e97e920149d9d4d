"""The commands of `ip link`, in the order of abbreviation."""

from __future__ import annotations

NAME = "link"
BARE = "[list]"

COMMANDS = {
    "[add]": "nslab.ip.link.change:add",
    "[set]": "nslab.ip.link.change:set_link",
    "[change]": "nslab.ip.link.change:set_link",
    "[replace]": "nslab.ip.link.change:replace",
    "[delete]": "nslab.ip.link.change:delete",
    "[show]": "nslab.ip.link.list:show",
    "[lst]": "nslab.ip.link.list:show",
    "[list]": "nslab.ip.link.list:show",
    "[xstats]": "nslab.ip.link.elsewhere:leave",
    "[afstats]": "nslab.ip.link.elsewhere:leave",
    "[property]": "nslab.ip.link.properties:change",
    "[help]": "nslab.ip.link.usage:show",
}
