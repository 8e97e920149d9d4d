"""Every test of this folder runs in one User Mode Linux, booted once, as root.

The tests are collected as usual. When the first is to run, a kernel is booted in which pytest runs
them all; each one's reports are brought out and shown as its own. Inside, the tests are alone with
that kernel: they may change whatever lives in it, but files are the machine's.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Literal

import pytest

from tests.uml import machine

_FOLDER = Path(__file__).parent
_FILE = "NSLAB_UML_REPORTS"  # set inside: where the reports go, one a line
_MISSING = "User Mode Linux is not installed (Debian's package user-mode-linux)"


class _Run:
    """What one boot brought: the reports of each test, and what else was printed."""

    def __init__(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self.reports: dict[str, list[pytest.TestReport]] = {}
        with tempfile.TemporaryDirectory(prefix="nslab-uml-") as folder:
            file = Path(folder, "reports")
            file.touch()
            try:
                _, self.output = machine.run(_command(config, file, items))
            except machine.UmlError as error:
                self.output = str(error)
            for line in file.read_text().splitlines():
                hook = config.hook.pytest_report_from_serializable
                report = hook(config=config, data=json.loads(line))
                self.reports.setdefault(report.nodeid, []).append(report)


_run = pytest.StashKey[_Run]()


def _command(config: pytest.Config, file: Path, items: list[pytest.Item]) -> str:
    words = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    words += ["--rootdir", str(config.rootpath), *(item.nodeid for item in items)]
    path = os.pathsep.join(filter(None, sys.path))
    settings = [f"PYTHONPATH={path}", f"{_FILE}={file}"]
    return f"cd {shlex.quote(str(config.rootpath))} && exec env {shlex.join(settings + words)}"


def _is_ours(item: pytest.Item) -> bool:
    return item.path.is_relative_to(_FOLDER)


def _reports(item: pytest.Item) -> list[pytest.TestReport]:
    if not machine.found():
        return [_report(item, "skipped", (str(item.path), 0, f"Skipped: {_MISSING}"))]
    stash = item.config.stash
    if _run not in stash:
        ours = list(filter(_is_ours, item.session.items))
        stash[_run] = _Run(item.config, ours)
    found = stash[_run].reports.get(item.nodeid)
    return found or [_report(item, "failed", stash[_run].output)]


def _report(
    item: pytest.Item, outcome: Literal["skipped", "failed"], why: str | tuple[str, int, str]
) -> pytest.TestReport:
    return pytest.TestReport(item.nodeid, item.location, {}, outcome, why, "setup")


if _FILE in os.environ:

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(item: pytest.Item) -> object:
        report = yield
        data = item.config.hook.pytest_report_to_serializable(config=item.config, report=report)
        with Path(os.environ[_FILE]).open("a") as file:
            file.write(json.dumps(data) + "\n")
        return report

else:

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
        if not _is_ours(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in _reports(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True
