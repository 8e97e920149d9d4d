"""The names of nftables' tables, as the kernel and `nft` have them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from nslab.kernel.nftables import table_names
from nslab.netlink.netfilter.nftables import Table
from tests.kernel.sandboxed import sandboxed

pytestmark = pytest.mark.skipif(shutil.which("nft") is None, reason="nft is not installed")


@sandboxed
def test_the_tables_of_every_family_are_named() -> None:
    assert table_names() == []
    rules = "add table inet nslab.office; add table ip nat; add table bridge nslab.office"
    subprocess.run(["nft", rules], check=True)
    assert sorted(table_names()) == ["nat", "nslab.office", "nslab.office"]


def test_a_table_is_read_as_the_kernel_wrote_it() -> None:
    body = bytes.fromhex("01000000 0c000100 6e736c61622e6100")
    assert Table.decode(body).name == "nslab.a"
    assert Table(name="nslab.a").encode()[4:] == body[4:]
