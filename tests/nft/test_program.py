"""nft as a program: what it refuses and that it may be missing."""

from __future__ import annotations

import pytest

from nslab.errors import NslabError
from nslab.nft import program
from nslab.nft.rules import ACCEPT, Chain, Json, Rule, Table
from tests.kernel.labs import started
from tests.nft.loading import with_nft

TABLE = Table("nslab.some", (Chain("one", (Rule((ACCEPT,)),)),))


@with_nft
def test_a_refusal_says_what_nft_says() -> None:
    jump: Json = {"family": "inet", "table": "nslab.none", "chain": "x", "expr": []}
    with pytest.raises(program.RefusedError) as error:
        program.load([{"add": {"rule": jump}}])
    assert str(error.value).startswith("nft refused: ")
    assert "No such file or directory" in str(error.value)
    assert "\n" not in str(error.value)


@with_nft
def test_all_is_set_or_nothing() -> None:
    jump: Json = {"family": "inet", "table": TABLE.name, "chain": "none", "expr": []}
    with pytest.raises(program.RefusedError):
        program.load([*TABLE.commands(), {"add": {"rule": jump}}])
    assert program.listed(["table", "inet", TABLE.name]) == []


@with_nft
def test_what_is_not_there_gives_none() -> None:
    assert program.listed(["table", "inet", "none"]) == []
    assert [one for one in program.listed(["ruleset"]) if "metainfo" not in str(one)] == []


def test_without_nft_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not program.is_here()
    for run in (lambda: program.load([]), lambda: program.listed(["ruleset"])):
        with pytest.raises(NslabError, match="nft is needed and is not here") as error:
            run()
        assert not isinstance(error.value, program.RefusedError)
        assert error.value.hint == "install it (Debian's package nftables)"


@with_nft
def test_a_lab_s_netns_has_rules_of_its_own() -> None:
    assert program.is_here()
    with started("a", "b") as sandbox:
        a, b = ((sandbox.lab, sandbox.pid, name) for name in ("a", "b"))
        program.load(TABLE.commands(), a)
        words = ["table", "inet", TABLE.name]
        assert len(program.listed(words, a)) == 4  # with what nft says of itself
        assert program.listed(words, b) == program.listed(words) == []


@pytest.mark.kernel
def test_in_a_lab_nft_may_be_missing_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with started("a") as sandbox:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(NslabError, match="nft is needed and is not here"):
            program.load(TABLE.commands(), (sandbox.lab, sandbox.pid, "a"))
