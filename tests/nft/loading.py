"""The real nft, in a netns of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from nslab.errors import NslabError
from nslab.nft import program
from tests.kernel.sandboxed import sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ParamSpec

    P = ParamSpec("P")


def with_nft(test: Callable[P, None]) -> Callable[P, None]:
    """Run the test in a netns where nft works."""

    @sandboxed
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        os.environ["PATH"] += ":/usr/sbin:/sbin"
        if shutil.which("nft") is None:
            pytest.skip("nft is not installed")
        try:
            program.load([])
        except NslabError as error:
            pytest.skip(f"nft does not work here: {error}")
        test(*args, **kwargs)

    run.__dict__.update(__wrapped__=test, __name__=test.__name__, __doc__=test.__doc__)
    return run


def nft(words: str) -> str:
    """Have nft read its own words, as the shell of a script would pass them."""
    done = subprocess.run(["nft", words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
