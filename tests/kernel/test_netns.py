from __future__ import annotations

import os

import pytest

from nslab.kernel.netns import OWN, is_netns


@pytest.mark.parametrize(("path", "is_one"), [(OWN, True), ("/proc/self/ns/user", False)])
def test_a_netns_is_told_from_another_namespace(path: str, is_one: bool) -> None:  # noqa: FBT001
    fd = os.open(path, os.O_RDONLY)
    try:
        assert is_netns(fd) is is_one
    finally:
        os.close(fd)


def test_a_file_is_no_netns() -> None:
    fd = os.open(__file__, os.O_RDONLY)
    try:
        assert not is_netns(fd)
    finally:
        os.close(fd)
