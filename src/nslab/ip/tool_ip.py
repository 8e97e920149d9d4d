"""The program `ip`: its usage, its options and its objects, each in the order of abbreviation."""

from __future__ import annotations

from nslab.ip import options as o

USAGE = """\
Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | addrlabel | amt | fou | help | ila | ioam | l2tp |
                   link | macsec | maddress | monitor | mptcp | mroute | mrule |
                   neighbor | neighbour | netconf | netns | nexthop | ntable |
                   ntbl | route | rule | sr | tap | tcpmetrics |
                   token | tunnel | tuntap | vrf | xfrm }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |
                    -h[uman-readable] | -iec | -j[son] | -p[retty] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 |
                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |
                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |
                    -c[olor]}"""

KERNEL_CODE = 2
"""The exit code of what the kernel refused."""

OPTIONS = {
    "-[loops]": o.set_loops,
    "-[family]": o.set_family,
    "-4": o.family_of("inet"),
    "-6": o.family_of("inet6"),
    "-0": o.family_of("link"),
    "-M": o.family_of("mpls"),
    "-B": o.family_of("bridge"),
    "-[human]": o.counted("human"),
    "-[human-readable]": o.counted("human"),
    "-[iec]": o.counted("iec"),
    "-[stats]": o.counted("statistics"),
    "-[statistics]": o.counted("statistics"),
    "-[details]": o.counted("details"),
    "-[resolve]": o.counted("resolve"),
    "-[oneline]": o.counted("oneline"),
    "-[timestamp]": o.counted("timestamp"),
    "-[tshort]": o.counted("short_timestamp"),
    "-[Version]": o.counted("version"),
    "-[force]": o.counted("force"),
    "-[batch]": o.set_batch,
    "-[brief]": o.counted("brief"),
    "-[json]": o.counted("json"),
    "-[pretty]": o.counted("pretty"),
    "-[rcvbuf]": o.check_rcvbuf,
    "-[help]": o.show_usage,
    "-[netns]": o.enter_netns,
    "-[Numeric]": o.counted("numeric"),
    "-[all]": o.counted("all"),
    "-echo": o.counted("echo"),
}

OBJECTS = {
    "[address]": "nslab.ip.address",
    "[addrlabel]": "",
    "[maddress]": "",
    "[route]": "nslab.ip.route",
    "[rule]": "nslab.ip.rule",
    "[neighbor]": "nslab.ip.neigh",
    "[neighbour]": "nslab.ip.neigh",
    "[ntable]": "",
    "[ntbl]": "",
    "[link]": "nslab.ip.link",
    "[l2tp]": "",
    "[fou]": "",
    "[ila]": "",
    "[macsec]": "",
    "[tunnel]": "",
    "[tunl]": "",
    "[tuntap]": "nslab.ip.tuntap",
    "[tap]": "nslab.ip.tuntap",
    "[token]": "",
    "[tcpmetrics]": "",
    "[tcp_metrics]": "",
    "[monitor]": "",
    "[xfrm]": "",
    "[mroute]": "",
    "[mrule]": "",
    "[netns]": "nslab.ip.netns",
    "[netconf]": "",
    "[vrf]": "",
    "[sr]": "",
    "[nexthop]": "",
    "[mptcp]": "",
    "[ioam]": "",
    "[help]": "help",
    "[stats]": "",
}
"""Each object's module; "" for what is left to the real program."""

VERSION = "ip utility, iproute2-6.1.0, nslab\n"
"""Which iproute2 this answers like, and what it is."""
