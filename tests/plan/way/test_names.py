"""Names: of the lab's own nodes, and of the outside by the machine's resolver."""

from __future__ import annotations

from pathlib import Path

from nslab.kernel import libc
from tests.plan.way.servers import serve
from tests.plan.way.world import FAR4, FAR6, MACHINE4, MACHINE6, World, in_world

LAB: dict[str, object] = {
    "name": "named",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "pc2"]}
    },
}


def use_resolver(world: World, text: str) -> None:
    path = world.folder / "resolv.conf"
    path.write_text(text)
    path.chmod(0o644)
    real = Path("/etc/resolv.conf").resolve()
    if not real.exists():
        real.parent.mkdir(parents=True, exist_ok=True)
        real.touch()
    libc.mount(str(path), str(real), "none", libc.MS_BIND)


def resolves(world: World, *options: str) -> None:
    world.up(LAB, *options)
    world.serve("pc2", "tcp/80")
    assert world.ask("pc1", "pc2", 80) in ("10.0.1.2 5", "fd00:1::2 5")
    assert world.ask("pc2", "pc2", 80) in ("10.0.1.3 5", "fd00:1::3 5")
    assert world.ask("pc1", "outside.example", 80) in (f"{MACHINE4} 5", f"{MACHINE6} 5")
    assert "Name or service not known" in world.ask("pc1", "nothing.example", 80)
    found = world.nslab("exec", "pc1", "getent", "ahosts", "outside.example").stdout
    assert FAR4 in found
    assert FAR6 in found
    assert "yes IPv4 resolver" in world.nslab("ping", "pc1", "outside").stdout
    assert "nothing to do" in world.up(LAB, *options)


@in_world()
def test_a_resolver_at_the_loopback_is_relayed_to(world: World) -> None:
    use_resolver(world, "nameserver 127.0.0.53\nsearch example\n")
    serve(("dns/53",), ("127.0.0.53",))
    before = world.state()
    resolves(world)
    text = world.nslab("exec", "pc1", "cat", "/etc/resolv.conf").stdout
    assert text.endswith("search example\n")
    assert "127.0.0.53" not in text
    assert world.ask("pc1", "outside", 80) in (f"{MACHINE4} 5", f"{MACHINE6} 5")
    world.kill("nslab.kernel.relay")
    assert "no  IPv4 resolver" in world.nslab("ping", "pc1", "outside", check=False).stdout
    assert "changed" in world.up(LAB)
    assert world.nslab("ping", "pc1", "outside").returncode == 0
    world.nslab("down")
    assert world.state() == before


@in_world(user=True)
def test_a_resolver_at_the_loopback_is_relayed_to_for_a_plain_user(world: World) -> None:
    use_resolver(world, "nameserver 127.0.0.53\n")
    serve(("dns/53",), ("127.0.0.53",))
    resolves(world)
    world.nslab("down")


@in_world()
def test_a_resolver_on_the_network_is_asked_directly(world: World) -> None:
    use_resolver(world, f"nameserver {FAR4}\n")
    resolves(world)
    assert world.nslab("exec", "pc1", "cat", "/etc/resolv.conf").stdout == f"nameserver {FAR4}\n"
    world.nslab("down")


@in_world()
def test_programs_that_run_find_a_changed_list_of_names(world: World) -> None:
    world.up(LAB)
    world.serve("pc1", "tcp/80")
    lan = {"subnet": "10.0.1.0/24", "ports": ["pc1", "pc2", "pc3"], "uplink": True}
    world.up({"name": "named", "bridges": {"lan": lan}})
    own = world.children[-1].pid
    found = [
        path
        for path in Path("/proc").glob("[0-9]*/status")
        if f"\nPPid:\t{own}\n" in path.read_text(errors="replace")
    ]
    assert "10.0.1.4 pc3" in (found[0].parent / "root/etc/hosts").read_text()
    world.nslab("down")
