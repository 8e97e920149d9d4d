"""What users import, and what importing costs: both are promises."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
import traceback

import pytest

import nslab
from nslab import errors
from nslab.plan.steps import AddNetns

SURFACE = {
    "Checks": ["broken", "findings", "ok", "untested"],
    "Drift": ["command", "message"],
    "Lab": [
        "bridge",
        "cable",
        "document",
        "expect",
        "name",
        "node",
        "of",
        "port",
        "resolve",
        "source",
    ],
    "Node": ["lab", "name", "pid", "popen", "run", "socket"],
    "NslabError": ["add_note", "args", "exit_code", "hint", "with_traceback"],
    "Pings": ["broken", "echoes", "ok"],
    "Plan": ["commands", "steps"],
    "Running": ["check", "desired", "down", "drift", "observed", "open", "ping", "trace"],
    "connect": "(name: 'str') -> 'Running'",
    "diff": (
        "(lab: 'Lab | Desired', *, uplink: 'Choice' = 'auto', host: 'HostNames' = None) -> 'Plan'"
    ),
    "draw_text": None,
    "dump": None,
    "dumps": None,
    "end": None,
    "load": None,
    "loads": None,
    "up": (
        "(lab: 'Lab | Desired', *, keep: 'bool' = False, watch: 'Watch | None' = None,"
        " uplink: 'Choice' = 'auto', host: 'HostNames' = None) -> 'Running'"
    ),
}

HEAVY = {
    "argparse",
    "asyncio",
    "click",
    "ctypes",
    "dataclasses",
    "enum",
    "ipaddress",
    "json",
    "logging",
    "msgspec",
    "pathlib",
    "re",
    "rich",
    "socket",
    "subprocess",
    "tempfile",
    "typing",
    "urllib",
    "yaml",
}


def modules() -> list[str]:
    return [each.name for each in pkgutil.walk_packages(nslab.__path__, "nslab.")]


def test_the_public_names_are_these() -> None:
    assert sorted(nslab.__all__) == sorted(SURFACE)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        nslab.nothing  # noqa: B018


@pytest.mark.parametrize("name", sorted(SURFACE))
def test_what_a_public_name_offers(name: str) -> None:
    said, found = SURFACE[name], getattr(nslab, name)
    assert inspect.getdoc(found)
    if isinstance(said, list):
        assert [each for each in dir(found) if not each.startswith("_")] == said
    elif said is not None:
        assert str(inspect.signature(found)) == said


def test_every_error_is_ours_and_documented() -> None:
    for name, found in vars(errors).items():
        if isinstance(found, type) and issubclass(found, BaseException):
            assert issubclass(found, nslab.NslabError | KeyboardInterrupt), name
            assert found.__doc__, name


@pytest.mark.parametrize(
    "error",
    [
        errors.NslabError("what", hint="how"),
        errors.KernelError("do it", 2, "No such file", extack="words", hint="how"),
        errors.SysctlError("a", "net.x", "1", 2, "No such file"),
        errors.NetnsCreationError("a", 2, "No such file"),
        errors.LabFileError([errors.Problem("nodes.a", "is wrong", line=3, hint="mend it")]),
        errors.StepError(AddNetns("a"), errors.NslabError("why", hint="how")),
        errors.IpError("what", 255, ends_batch=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_goes_from_one_process_to_another(error: errors.NslabError) -> None:
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert vars(copied).keys() == vars(error).keys()
    assert copied.hint == error.hint


def test_a_traceback_shows_the_remedy() -> None:
    error = errors.NslabError("what", hint="how")
    assert traceback.format_exception(error)[-1:] == ["hint: how\n"]
    error.hint = "otherwise"
    assert traceback.format_exception(error)[-2:][1:] == ["hint: otherwise\n"]
    error.hint = None
    assert traceback.format_exception(error) == ["nslab.errors.NslabError: what\n"]


def test_every_module_loads_by_itself() -> None:
    for name in modules():
        if not name.endswith("__main__"):
            importlib.import_module(name)


def loaded_by(statement: str) -> set[str]:
    """Give what a statement loads in a fresh interpreter beyond what Python itself does."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    command = [sys.executable, "-S", "-E", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import nslab", set[str]()),
        ("import nslab.kernel.transport, nslab.netlink.rtnl.link", set[str]()),
        ("import nslab.kernel.holder, nslab.kernel.launcher", set[str]()),
        ("import nslab.cli.exec, nslab.kernel.sandbox", set[str]()),
    ],
)
def test_start_up_loads_nothing_heavy(statement: str, allowed: set[str]) -> None:
    assert loaded_by(statement) & HEAVY <= allowed


def test_who_only_keeps_a_lab_or_starts_programs_loads_no_netlink() -> None:
    found = loaded_by("import nslab.kernel.holder, nslab.kernel.launcher")
    assert not [name for name in found if name.startswith("nslab.netlink")]


def test_a_first_program_does_not_wait_for_inspect() -> None:
    assert "inspect" not in loaded_by("import nslab.kernel.programs")


def test_a_lab_that_stays_closed_does_not_load_the_way_out() -> None:
    found = loaded_by("import nslab.plan.session, nslab.plan.bring, nslab.plan.running")
    assert not found & {"nslab.nft.program", "nslab.plan.way.passage", "nslab.plan.way.trace"}
