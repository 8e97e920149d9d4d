"""Under the name `ip`, first on PATH, the command is that program; the rest goes further."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nslab
from tests.kernel.sandboxed import sandboxed

HERE = Path(nslab.__file__).parents[1]
SCRIPT = f"""#!{sys.executable}
import sys
sys.path.insert(0, {str(HERE)!r})
from nslab.cli import entry
sys.exit(entry())
"""
REAL = '#!/bin/sh\necho real "$0" "$@"\nexit 7\n'


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Lay out a PATH on which we stand before the real program, twice; give it."""
    for number, text in enumerate((SCRIPT, SCRIPT, REAL)):
        directory = tmp_path / str(number)
        directory.mkdir()
        for name in ("ip", "bridge"):
            (directory / name).write_text(text)
            (directory / name).chmod(0o755)
    (tmp_path / "0" / "ip").unlink()
    (tmp_path / "0" / "nslab").write_text(SCRIPT)
    (tmp_path / "0" / "nslab").chmod(0o755)
    (tmp_path / "0" / "ip").symlink_to("nslab")
    return ":".join([*(str(tmp_path / str(number)) for number in range(3)), "/usr/bin", "/bin"])


def run(path: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    program = shutil.which(words[0], path=path) or words[0]
    return subprocess.run(
        [program, *words[1:]],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )


@sandboxed
def test_it_is_the_program_whose_name_it_has(path: str) -> None:
    assert run(path, "ip", "netns", "add", "red").returncode == 0
    assert run(path, "ip", "-j", "netns").stdout == '[{"name":"red"}]\n'
    assert run(path, "nslab", "netns", "list").stdout == "red\n"
    assert run(path, "nslab", "netns", "-j", "list").stdout == '[{"name":"red"}]\n'
    assert run(path, "nslab", "ip", "netns").stdout == "red\n"
    assert run(path, "bridge", "foo").stderr == 'Object "foo" is unknown, try "bridge help".\n'
    assert run(path, "ip", "netns", "exec", "red", "sh", "-c", "exit 9").returncode == 9


@sandboxed
def test_what_it_does_not_have_goes_to_the_next_program(path: str) -> None:
    run(path, "ip", "netns", "add", "red")
    done = run(path, "ip", "-j", "-n", "red", "-f", "inet", "tunnel", "show", "a b")
    real = path.split(":")[2] + "/ip"
    assert (done.stdout, done.stderr) == (f"real {real} -j -f inet tunnel show a b\n", "")
    assert done.returncode == 7


@sandboxed
def test_a_line_of_a_batch_goes_there_alone(path: str) -> None:
    lines = "netns add red\ntunnel show\nnetns add blue\n"
    done = run(path, "ip", "-force", "-o", "-b", "-", given=lines)
    assert done.stdout.endswith("/ip -o tunnel show\n")
    assert done.stderr == "Command failed -:2\n"
    assert sorted(run(path, "ip", "netns").stdout.split()) == ["blue", "red"]


@sandboxed
def test_where_there_is_no_other_program(path: str) -> None:
    alone = ":".join(path.split(":")[:2])
    done = run(alone, "ip", "tunnel", "show")
    expected = 'nslab does not have "ip tunnel show", and no program "ip" on PATH can be asked\n'
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


@sandboxed
def test_monitor_tells_at_once(path: str) -> None:
    program = shutil.which("ip", path=path) or "ip"
    Path("/run/netns").mkdir()
    with subprocess.Popen(
        [program, "netns", "monitor"], stdout=subprocess.PIPE, text=True
    ) as monitor:
        assert monitor.stdout is not None
        watched = Path(f"/proc/{monitor.pid}/fdinfo")
        while not any("inotify wd" in _read(entry) for entry in watched.iterdir()):
            time.sleep(0.01)
        run(path, "ip", "netns", "add", "red")
        run(path, "ip", "netns", "delete", "red")
        assert [monitor.stdout.readline() for _ in range(2)] == ["add red\n", "delete red\n"]
        monitor.kill()


@sandboxed
def test_a_failing_entry_ends_only_its_own_child(path: str) -> None:
    run(path, "ip", "netns", "add", "red")
    Path("/run/netns/plain").touch()
    done = run(path, "ip", "-all", "netns", "exec", "echo", "hi")
    assert done.stdout.count("hi\n") == 1
    assert done.stderr == 'setting the network namespace "plain" failed: Invalid argument\n'
    lines = "netns exec plain true\nnetns exec red echo hi\n"
    done = run(path, "ip", "-force", "-b", "-", given=lines)
    assert done.stdout == "hi\n"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


@sandboxed
def test_the_processes_of_a_netns(path: str) -> None:
    run(path, "ip", "netns", "add", "red")
    program = shutil.which("ip", path=path) or "ip"
    command = [program, "netns", "exec", "red", "sh", "-c", "echo here; exec sleep 60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sleeper:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == "here\n"
        assert run(path, "ip", "netns", "pids", "red").stdout == f"{sleeper.pid}\n"
        assert run(path, "ip", "netns", "identify", str(sleeper.pid)).stdout == "red\n"
        sleeper.kill()
