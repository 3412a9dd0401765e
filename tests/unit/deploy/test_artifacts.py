"""Compiled contracts are kept for exactly the sources they were compiled from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts._lib import artifacts as module
from scripts._lib.artifacts import Artifact, ArtifactError, Artifacts, sources
from tests.unit.deploy.fake_chain import fake_artifact


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("Vault.vy", "Bank.vy", "modules/ledger.vy", "mocks/BankMock.vy", "x/IBank.vyi"):
        file = tmp_path / "contracts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}\n")
    return tmp_path


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was asked of the compiler, call by call."""
    calls: list[list[str]] = []

    def compile_fake(names: list[str], _root: Path) -> Iterator[Artifact]:
        calls.append(list(names))
        return (fake_artifact(name) for name in names)

    monkeypatch.setattr(module, "_compile", compile_fake)
    return calls


def load(root: Path, *names: str) -> Artifacts:
    return Artifacts.load(names, root=root, cache=root / "build")


def test_load__same_sources__compiles_once(root, compiled):
    first = load(root, "Bank", "Vault")
    second = load(root, "Bank", "Vault")
    assert compiled == [["Bank", "Vault"]]
    assert dict(first) == dict(second)
    assert sorted(second) == ["Bank", "Vault"]
    assert len(second) == 2


def test_load__another_contract__compiles_only_that(root, compiled):
    load(root, "Bank")
    load(root, "Bank", "Vault")
    assert compiled == [["Bank"], ["Vault"]]


@pytest.mark.parametrize("name", ["modules/ledger.vy", "x/IBank.vyi", "Bank.vy"])
def test_load__changed_source__compiles_again(root, compiled, name):
    """A changed module has to reach the contracts that import it."""
    load(root, "Bank")
    (root / "contracts" / name).write_text("# changed\n")
    load(root, "Bank")
    assert compiled == [["Bank"], ["Bank"]]
    assert len(list((root / "build").iterdir())) == 1


def test_load__damaged_cache__compiles_again(root, compiled):
    load(root, "Bank")
    next((root / "build").iterdir()).write_text('{"Bank": {')
    load(root, "Bank")
    assert compiled == [["Bank"], ["Bank"]]


def test_load__something_to_compile__says_how_many(root, compiled):
    counts: list[int] = []
    for _ in range(2):
        Artifacts.load(["Bank", "Vault"], root=root, cache=root / "build", on_compile=counts.append)
    assert counts == [2]
    assert len(compiled) == 1


def test_load__no_such_contract__names_it(root):
    with pytest.raises(ArtifactError, match="^Bond: no Bond.vy under "):
        load(root, "Bond")


def test_sources__folder__leaves_out_modules_mocks_and_interfaces(root):
    assert sorted(sources(root)) == ["Bank", "Vault"]


def test_code_hash__other_trailer__is_the_same():
    bank, commented = fake_artifact("Bank"), fake_artifact("Bank", comment=2)
    assert bank.initcode_hash != commented.initcode_hash
    assert bank.code_hash == commented.code_hash
    assert bank.code_hash != fake_artifact("Bank", version=2).code_hash


def test_runtime_size__hex__counts_bytes():
    assert replace(fake_artifact("Bank"), runtime="00" * 7).runtime_size == 7
