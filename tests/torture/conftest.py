"""What tests of whole labs need, here as for the plan."""

from __future__ import annotations

from tests.plan.conftest import able, name

__all__ = ["able", "name"]
