"""What every test of whole labs needs."""

from __future__ import annotations

import contextlib
import os
import zlib
from typing import TYPE_CHECKING

import pytest

from nslab import connect
from nslab.errors import LabNotRunningError, PrivilegeError
from nslab.kernel.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def able() -> None:
    """Skip where this machine gives this user no namespaces."""
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give a lab's name that no other test has; a lab of it that a failed test left goes."""
    name = f"t{os.getpid()}-{zlib.crc32(request.node.name.encode())}"
    yield name
    with contextlib.suppress(LabNotRunningError):
        connect(name).down()
