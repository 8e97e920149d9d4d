"""`--uplink`: what the option takes, and what it is refused with."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from nslab.plan import wanted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.machine import Machine, Said

    Nslab = Callable[..., Said]

LAB = "name: led\nbridges: {lan: {subnet: 10.77.0.0/24, uplink: true, ports: [pc1]}}\n"


@pytest.mark.parametrize("verb", ["up", "plan"])
def test_a_kind_that_is_none_is_refused(nslab: Nslab, tmp_path: Path, verb: str) -> None:
    (tmp_path / "lab.yaml").write_text(LAB)
    said = nslab(verb, "--uplink", "slirp")
    assert said.code == 2
    assert "slirp" in said.err
    assert all(kind in said.err for kind in wanted.KINDS)


@pytest.mark.parametrize("verb", ["up", "plan"])
def test_the_help_names_every_kind(nslab: Nslab, verb: str) -> None:
    text = " ".join(nslab("help", verb).out.split())
    assert "--uplink KIND how an uplink leads out: kernel (root), pasta, none, auto" in text


@pytest.mark.parametrize("verb", ["up", "plan"])
def test_without_its_program_an_uplink_is_refused_before_anything_is_done(
    nslab: Nslab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    (tmp_path / "lab.yaml").write_text(LAB)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    said = nslab(verb)
    assert said.failed(1, "needs the program nft", "(hint: install it (Debian's package nftables)")


@pytest.mark.parametrize("verb", ["up", "plan"])
def test_the_kernel_s_way_takes_root(
    nslab: Nslab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    (tmp_path / "lab.yaml").write_text(LAB)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = nslab(verb, "--uplink", "kernel")
    assert said.failed(1, "takes root", "(hint: `--uplink pasta` needs no root)")


@pytest.mark.kernel
def test_with_none_the_lab_is_not_led_out(machine: Machine) -> None:
    path = str(machine.write("led.yaml", LAB))
    planned = json.loads(machine.run("plan", "-j", "--uplink", "none", path).out)
    assert not any("nft" in step["command"] or "pasta" in step["command"] for step in planned)
    assert machine.run("up", "--uplink", "none", path).code == 0
    said = machine.run("ping", "pc1", "outside")
    assert said.code == 1
    assert said.out.splitlines()[-1] == (
        "pc1 does not reach the outside: it breaks at IPv4 way out"
    )
    assert machine.run("down").code == 0
