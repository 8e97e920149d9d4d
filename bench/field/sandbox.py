"""Fresh namespaces for those that make none of their own: nothing of theirs gets out."""

from __future__ import annotations

APART = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
"""What puts a command into fresh namespaces."""

SCRIPT = """
mount -t tmpfs tmpfs /run
mkdir /run/netns
mount -t sysfs sysfs /sys
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc/sys
"$@"
"""
"""Run there before a peer. The sysctls are read-only because some of those that Mininet raises are
the whole machine's; those of the netns that is seen from there are not."""


def sandboxed(command: list[str]) -> list[str]:
    """Put a command into a sandbox of its own."""
    return [*APART, "sh", "-ec", SCRIPT, "sh", *command]
