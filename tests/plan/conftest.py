"""What every test of whole labs needs."""

from __future__ import annotations

import os
import zlib

import pytest

from nslab.errors import PrivilegeError
from nslab.kernel.sandbox import Sandbox


@pytest.fixture(scope="session")
def able() -> None:
    """Skip where this machine gives this user no namespaces."""
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Give a lab's name that no other test has."""
    return f"t{os.getpid()}-{zlib.crc32(request.node.name.encode())}"
