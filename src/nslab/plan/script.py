"""A plan as a shell script: the same lab by stock tools alone."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from msgspec.structs import replace

from nslab.kernel.sandbox import HOST, OUTSIDE
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import MODERN
from nslab.plan.steps import AddNetns
from nslab.plan.steps.relay import StartRelay
from nslab.plan.steps.way import OpenHost
from nslab.plan.way import tables
from nslab.plan.way.host import FORWARDING
from nslab.plan.way.lead import around, on_any_machine, with_links
from nslab.plan.way.serve import serve

if TYPE_CHECKING:
    from nslab.lab import Desired
    from nslab.plan.steps import Step

_HEAD = """\
#!/bin/sh
# The lab "{lab}", built with {tools} alone.
#
# As root:    sh {lab}.sh          and `sh {lab}.sh down` takes it away
# Else:       unshare -Urnm sh -c 'mount -t tmpfs tmpfs /run && sh {lab}.sh && exec sh'
#             gives a shell beside the lab, which ends with it
#
# Its namespaces bear a mark, the alias of their `lo`: only what bears it is taken away. If a step
# fails, what was made before it goes.
set -eu
PATH=$PATH:/usr/sbin:/sbin

mark() {{ made="$1 $made"; ip -n "$1" link set lo alias nslab:{lab}; }}
is_marked() {{ ip -n "$1" link show lo 2>/dev/null | grep -qx ' *alias nslab:{pattern}'; }}
later() {{ undo="$1; $undo"; }}
{serve}{forward}delete() {{ for name; do ip netns delete "$name" || failed=1; done; }}

case "$*" in "" | down) ;; *) echo "usage: sh $0 [down]" >&2; exit 2 ;; esac
failed=0
made=
undo=:
if [ "${{1-}}" = down ]; then
    for name in {names}; do
        if is_marked "$name"; then made="$made $name"; fi
    done
{down}    delete $made
    exit $failed
fi
trap 'eval "$undo"; delete $made' EXIT
trap 'exit 1' HUP INT TERM

"""

_SERVE = """\
serve() { "$@" & sleep 0.2; kill -0 $!; }  # fails if the port is taken
"""

_FORWARD = """\
forward() {{ for key; do  # the lab's table remembers what was off
    if [ "$(sysctl -n "$key")" = 0 ] || nft list ruleset | grep -q "\\"$key=0\\""; then
        nft "add rule inet {table} {memory} accept comment \\"$key=0\\""
    fi
    sysctl -qw "$key=1"
done; }}
put_back() {{  # what no other lab needs
    off=$(nft list chain inet {table} {memory} | grep -o 'net[^"]*=0' || :)
    nft delete table inet {table} || return
    for word in $off; do nft list ruleset | grep -q "\\"$word\\"" || sysctl -qw "$word"; done
}}
"""

_TAIL = """
trap - EXIT
"""


def script(lab: Desired) -> str:
    """Give a POSIX shell script that builds the lab; if a step fails, it takes all back."""
    steps = _steps(lab)
    names = [step.netns for step in steps if isinstance(step, AddNetns)]
    down = [
        f"    if is_marked {OUTSIDE if step.netns == HOST else step.netns};"
        f" then {command} || failed=1; fi\n"
        for step in reversed(steps)
        for command in _backs(step)
    ]
    head = _HEAD.format(
        lab=lab.name,
        tools=_tools(lab),
        pattern=lab.name.replace(".", r"\."),
        names=" ".join(names),
        down="".join(down),
        serve=_SERVE if _publishes(lab) else "",
        forward=_forward(lab) if lab.uplinks() else "",
    )
    return head + "\n".join(map(_line, steps)) + "\n" + _TAIL


def _forward(lab: Desired) -> str:
    return _FORWARD.format(table=tables.SCRIPTED + lab.name, memory=tables.MEMORY)


def _line(step: Step) -> str:
    mark = f"; mark {step.netns}" if isinstance(step, AddNetns) else ""
    later = "".join(f"\nlater {quote(f'{command} || :')}" for command in _backs(step))
    if isinstance(step, StartRelay):
        return f"serve {step.command().removesuffix(' &')}{later}"
    if not isinstance(step, OpenHost):
        return step.command() + mark + later
    keys = " ".join(FORWARDING[version] for version in step.versions)
    table = replace(tables.host_table(step.way, {}), name=tables.SCRIPTED + step.way.lab)
    return f"nft {quote(table.words())}{later}\nforward {keys}"


def _backs(step: Step) -> list[str]:
    """Give the commands that take back what would stay on the machine without the namespaces."""
    if isinstance(step, OpenHost):
        return ["put_back", f"ip link delete {quote(step.way.host_ifname)}"]
    if isinstance(step, StartRelay):
        return [f"{back.command()} || [ $? = 1 ]" for back in step.undo()]  # 1: it has ended
    return []


def _tools(lab: Desired) -> str:
    """Name what the script needs."""
    tools = ["iproute2", "sysctl"]
    tools += ["nftables"] * bool(lab.uplinks())
    tools += ["socat"] * _publishes(lab)
    return f"{', '.join(tools[:-1])} and {tools[-1]}"


def _publishes(lab: Desired) -> bool:
    return any(node.publish for node in lab.nodes)


def _steps(lab: Desired) -> list[Step]:
    """Plan the lab as for a machine that nothing is known of, its way out through the kernel."""
    leading = on_any_machine(lab)
    inner = compare(with_links(lower(lab), leading.way), {}, defaults=MODERN)
    steps = around(inner, leading, serve(lab, None), None)
    return [AddNetns(OUTSIDE), *steps] if lab.uplinks() else list(steps)
