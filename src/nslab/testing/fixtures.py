"""The pytest plugin: labs and network namespaces that are gone when the test ends.

pytest imports this module at each start, in every project beside which nslab is installed. So it
imports nothing of nslab itself before a test asks for a fixture.

Where the machine gives no namespaces, tests that ask for one are skipped, with the reason and the
remedy; they fail if the setting `nslab_required` is true.
"""

from __future__ import annotations

from contextlib import ExitStack

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike
    from typing import Self

    from nslab.lab import Lab
    from nslab.plan.node import Node

_REQUIRED = "nslab_required"
_NODE = "netns"


class LabFactory:
    """Makes labs with names that no other test has; at its end it takes down all that came up.

    Args:
        stem: what the names begin with.
    """

    def __init__(self, stem: str = "lab") -> None:
        self._stem = stem
        self._downs = ExitStack()

    def __call__(self, file: str | PathLike[str] | None = None) -> Lab:
        """Make an empty lab, or one like a lab file's but for its name.

        Raises:
            LabFileError: the file holds no lab.
        """
        from nslab.lab import Lab

        lab = Lab(_unique(self._stem)) if file is None else _renamed(file)
        self._downs.callback(_take_down, lab.name)
        return lab

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._downs.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting `nslab_required`."""
    words = "fail the tests that need namespaces where the machine gives none, else skip them"
    parser.addini(_REQUIRED, words, type="bool", default=False)


@pytest.fixture(scope="session")
def _nslab_able(pytestconfig: pytest.Config) -> None:
    """Skip, or fail, where no lab could come up: tried once a session."""
    refusal = _refusal()
    if refusal is None:
        return
    if pytestconfig.getini(_REQUIRED):
        pytest.fail(refusal, pytrace=False)
    pytest.skip(refusal)


@pytest.fixture
def lab(request: pytest.FixtureRequest, _nslab_able: None) -> Iterator[Lab]:
    """An empty `nslab.Lab` with a name of its own; what came up of it goes with the test."""
    with LabFactory(request.node.name) as make:
        yield make()


@pytest.fixture(scope="session")
def lab_factory(_nslab_able: None) -> Iterator[LabFactory]:
    """Makes labs, empty or from a file, for fixtures that several tests share."""
    with LabFactory() as make:
        yield make


@pytest.fixture
def netns(request: pytest.FixtureRequest, _nslab_able: None) -> Iterator[Node]:
    """A network namespace with only `lo`, up: `run` and `popen` programs, open a `socket`."""
    from nslab.plan.session import up

    with LabFactory(request.node.name) as make:
        lab = make()
        lab.node(_NODE)
        with up(lab) as running:
            yield running[_NODE]


def _refusal() -> str | None:
    """Say why this machine gives this user no namespaces, and the remedy; None where it does."""
    import sys

    if sys.platform != "linux":
        return "network namespaces need Linux"
    from nslab.errors import PrivilegeError
    from nslab.kernel.sandbox import Sandbox

    try:
        Sandbox.start(_unique("probe")).end()
    except PrivilegeError as error:
        return f"{error} (hint: {error.hint})"
    return None


def _renamed(file: str | PathLike[str]) -> Lab:
    from msgspec.structs import replace

    from nslab.lab import dumps, load, loads

    desired = load(file).resolve()
    return loads(dumps(replace(desired, name=_unique(desired.name)), format="json"), format="json")


def _unique(stem: str) -> str:
    """Make a lab's name that no other process has, in other containers of the machine neither."""
    from secrets import token_hex

    from nslab.lab.names import suggest_name

    return f"{suggest_name(stem)[:54]}-{token_hex(4)}"


def _take_down(name: str) -> None:
    from nslab.errors import LabNotRunningError
    from nslab.plan.running import connect

    try:
        connect(name).down()
    except LabNotRunningError:
        return
