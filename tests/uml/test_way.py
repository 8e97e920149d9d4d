"""The way out on an older kernel than that of most test machines."""

from __future__ import annotations

from nslab import Lab, up


def test_bridges_are_joined_to_the_netns_outside() -> None:
    lab = Lab("older")
    for name, subnet in (("lan", "10.0.1.0/24"), ("dmz", "10.0.2.0/24")):
        bridge = lab.bridge(name, subnet=subnet, uplink=True)
        lab.node(f"{name}-node", on=bridge)
    with up(lab, uplink="none") as running:
        assert running.ping().ok  # from one bridge to the other, by way of `outside`
        assert not running.drift()
