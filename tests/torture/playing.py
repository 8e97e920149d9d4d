"""How a test plays on a machine of its own, or is skipped where it cannot."""

from __future__ import annotations

import functools
import os
import shutil
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.plan.way.world import need
from tests.torture.machine import play

if TYPE_CHECKING:
    from tests.torture.machine import Json, Machine


class Work(Protocol):
    """What is done on the machine, by root or by a plain user."""

    def __call__(self, machine: Machine, *, user: bool) -> Json:
        """Do it."""


def played(work: Work, *, user: bool) -> Json:
    """Have work done on a machine, and give what it gives."""
    need(user=user)
    if shutil.which("nsenter") is None:
        pytest.skip("nsenter is not installed")
    try:
        return play(functools.partial(work, user=user))
    except PermissionError as error:
        pytest.skip(f"uid {os.getuid()} cannot play a machine here: {error}")
    except RuntimeError as error:
        pytest.fail(str(error), pytrace=False)
