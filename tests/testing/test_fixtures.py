"""The pytest plugin as its users have it: sessions of pytest inside these tests."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox, running
from nslab.testing import fixtures

pytest_plugins = "pytester"

PLUGIN = "nslab.testing.fixtures"
NAMED = any(one.value == PLUGIN for one in entry_points(group="pytest11"))
IMPORTED = "ignore:Module already imported"  # by this very file
OPTIONS: tuple[str, ...] = ("-p", "no:cacheprovider", "-W", "error", "-W", IMPORTED)
OPTIONS += () if NAMED else ("-p", PLUGIN)
NO_NAMESPACES = "echo 0 > /proc/sys/user/max_net_namespaces"  # in a user namespace of its own


@pytest.fixture(scope="module")
def _able() -> None:
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


@pytest.fixture
def inner(pytester: pytest.Pytester, _able: None) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    return pytester


def names_told(inner: pytest.Pytester) -> list[str]:
    """Give what the inner tests wrote down: the names of their labs."""
    return (inner.path / "names").read_text().split()


TELL = """
    from nslab import up

    def tell(name):
        with open("names", "a") as file:
            file.write(name + " ")
"""


@pytest.mark.kernel
def test_a_lab_is_gone_when_its_test_ends(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        TELL
        + """
    def test_good(lab):
        lab.cable("a", "b", subnet="10.0.0.0/30")
        with up(lab) as running:
            tell(lab.name)
            assert running.ping("a", "b").ok

    def test_bad(lab):
        lab.node("a")
        running = up(lab, keep=True)
        tell(lab.name)
        assert running["a"].run(["true"]).returncode == 1

    def test_kept(lab):
        lab.node("a")
        up(lab, keep=True)
        tell(lab.name)

    def test_never_up(lab):
        tell(lab.name)
    """
    )
    inner.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=3, failed=1)
    stems = [name.rpartition("-")[0] for name in names_told(inner)]
    assert stems == ["test_good", "test_bad", "test_kept", "test_never_up"]
    assert not set(names_told(inner)) & set(running())


@pytest.mark.kernel
def test_a_factory_gives_labs_of_a_file_that_tests_share(inner: pytest.Pytester) -> None:
    (inner.path / "office.yaml").write_text(
        "bridges: {lan: {subnet: 10.0.0.0/24, ports: [a, b]}}\n"
    )
    inner.makepyfile(
        TELL
        + """
    import pytest
    from nslab import load

    @pytest.fixture(scope="module")
    def office(lab_factory):
        lab = lab_factory("office.yaml")
        tell(lab.name)
        with up(lab) as running:
            yield running

    def test_one(office):
        assert office.ping("a", "b").ok

    def test_other(office, lab_factory):
        assert office.desired().nodes == load("office.yaml").resolve().nodes
        assert office.name != lab_factory("office.yaml").name
        assert office.name.startswith("office-")
        kept = lab_factory()
        up(kept, keep=True)
        tell(kept.name)
    """
    )
    inner.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=2)
    assert len(names_told(inner)) == 2
    assert not set(names_told(inner)) & set(running())


@pytest.mark.kernel
def test_a_netns_runs_programs_and_holds_sockets(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
    import os, socket, subprocess

    def test_empty_but_lo(netns):
        shown = netns.run(["cat", "/proc/net/dev"], capture_output=True, text=True).stdout
        assert [line.split(":")[0].strip() for line in shown.splitlines()[2:]] == ["lo"]

    def test_programs_meet_sockets(netns):
        with netns.socket() as server:
            server.bind(("127.0.0.1", 80))
            server.listen()
            code = "import socket; print(socket.create_connection(('127.0.0.1', 80)).recv(9))"
            with netns.popen(["python3", "-c", code], stdout=subprocess.PIPE, text=True) as client:
                with server.accept()[0] as connection:
                    connection.send(b"hello")
                assert client.stdout.read() == "b'hello'\\n"

    def test_sockets_are_what_was_asked_for(netns):
        with netns.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            assert (sock.family, sock.type) == (socket.AF_INET6, socket.SOCK_DGRAM)
            assert not os.get_inheritable(sock.fileno())
            sock.bind(("::1", 53))
    """
    )
    inner.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=3)


@pytest.mark.kernel
def test_workers_side_by_side_do_not_meet(inner: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    inner.makepyfile(
        TELL
        + """
    import pytest

    @pytest.mark.parametrize("number", range(4))
    def test_same(number, lab, netns):
        tell(lab.name)
        lab.cable("a", "b", subnet="10.0.0.0/30")
        with up(lab) as running:
            assert running.ping().ok
        with netns.socket() as server:
            server.bind(("127.0.0.1", 80))
    """
    )
    inner.runpytest_subprocess(*OPTIONS, "-n", "2").assert_outcomes(passed=4)
    assert len(set(names_told(inner))) == 4


REFUSED = """
    def test_lab(lab): ...
    def test_factory(lab_factory): ...
    def test_netns(netns): ...
    def test_other(): ...
"""


@pytest.mark.parametrize(
    ("extra", "outcome"),
    [((), "1 passed, 3 skipped"), (("-o", "nslab_required=true"), "1 passed, 3 errors")],
    ids=["skipped", "required"],
)
@pytest.mark.kernel
def test_where_the_machine_gives_no_namespaces(
    inner: pytest.Pytester, extra: tuple[str, ...], outcome: str
) -> None:
    inner.makepyfile(REFUSED)
    words = [sys.executable, "-m", "pytest", "-ra", *OPTIONS, *extra]
    command = f"{NO_NAMESPACES} && exec {shlex.join(words)}"
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", command], capture_output=True, text=True, check=False
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "user.max_net_namespaces=10000` allows network namespaces" in done.stdout
    assert "Traceback" not in done.stdout


def test_other_systems_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert fixtures._refusal() == "network namespaces need Linux"


def test_pytest_starts_without_nslab_s_weight() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import nslab.testing.fixtures;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["nslab", "nslab.testing", "nslab.testing.fixtures"]


@pytest.mark.skipif(not NAMED, reason="nslab is not installed, only on the path")
def test_pytest_finds_the_plugin_by_itself(inner: pytest.Pytester) -> None:
    inner.makepyfile("def test_it(netns): ...")
    inner.runpytest_subprocess().assert_outcomes(passed=1)
