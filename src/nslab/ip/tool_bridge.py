"""The program `bridge`: its usage, options and objects, each in the order of abbreviation."""

from __future__ import annotations

from nslab.ip import options as o

USAGE = """\
Usage: bridge [ OPTIONS ] OBJECT { COMMAND | help }
       bridge [ -force ] -batch filename
where  OBJECT := { link | fdb | mdb | vlan | monitor }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] |
                    -o[neline] | -t[imestamp] | -n[etns] name |
                    -c[ompressvlans] -color -p[retty] -j[son] }"""

KERNEL_CODE = 1
"""The exit code of what the kernel refused, which `bridge` negates: 255."""

OPTIONS = {
    "-[help]": o.show_usage,
    "-[Version]": o.counted("version"),
    "-[stats]": o.counted("statistics"),
    "-[statistics]": o.counted("statistics"),
    "-[details]": o.counted("details"),
    "-[oneline]": o.counted("oneline"),
    "-[timestamp]": o.counted("timestamp"),
    "-[family]": o.set_protocol,
    "-4": o.family_of("inet"),
    "-6": o.family_of("inet6"),
    "-[netns]": o.enter_netns,
    "-com[pressvlans]": o.counted("compress_vlans"),
    "-[force]": o.counted("force"),
    "-[json]": o.counted("json"),
    "-[pretty]": o.counted("pretty"),
    "-[batch]": o.set_batch,
}

OBJECTS = {
    "[link]": "nslab.ip.bridge.link",
    "[fdb]": "nslab.ip.bridge.fdb",
    "[mdb]": "",
    "[vlan]": "nslab.ip.bridge.vlan",
    "[vni]": "",
    "[monitor]": "",
    "[help]": "help",
}
"""Each object's module; "" for what is left to the real program."""

VERSION = "bridge utility, 6.1.0, nslab\n"
"""Which iproute2 this answers like, and what it is."""
