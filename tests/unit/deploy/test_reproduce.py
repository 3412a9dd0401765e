"""Contracts built again in an empty folder, and compared with the code on a chain in memory."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boa
import pytest

from scripts._lib.bytecode import compare, constructor_arguments
from scripts._lib.chain import ChainError, Creation, Mined
from scripts._lib.records import Contract
from scripts._lib.reproduce import (
    Build,
    ReproduceError,
    rebuild_archives,
    rebuild_standard_json,
    source_archive,
    standard_json,
)

VAULT = """\
# pragma version 0.4.3
# pragma evm-version cancun
import ledger

initializes: ledger

exports: ledger.KEEPER

LIMIT: public(immutable(uint256))


@deploy
def __init__(_keeper: address, _limit: uint256):
    ledger.__init__(_keeper)
    LIMIT = _limit


@external
def sum(_amounts: DynArray[uint256, 8]) -> uint256:
    total: uint256 = 0
    for amount: uint256 in _amounts:
        total += amount
    assert total <= LIMIT, "vault: over the limit"
    return total
"""
LEDGER = """\
# pragma version 0.4.3
KEEPER: public(immutable(address))


@deploy
def __init__(_keeper: address):
    KEEPER = _keeper
"""
KEEPER, DEPLOYER = "0x" + "ab" * 20, "0x" + "cd" * 20
ARGS = (KEEPER, "1000")
COMMIT = "11" * 20


@dataclass
class MemoryChain:
    """As much of a chain as is asked for, in titanoboa."""

    mined: dict[str, Mined] = field(default_factory=dict)

    def deploy(self, build: Build, args: tuple[str, ...] = ARGS) -> Contract:
        """A contract, and the record that `ape run deploy` would write of it."""
        data = bytes.fromhex(build.artifact.initcode) + constructor_arguments(build, args)
        address = str(boa.env.deploy_code(bytecode=data, sender=DEPLOYER)[0])
        self.mined["0x1"] = Mined("0x1", 7, True, DEPLOYER, 0, data, address)
        artifact = build.artifact
        return Contract(
            address=address,
            args=args,
            block=7,
            code_hash=artifact.code_hash,
            commit=COMMIT,
            deployer=DEPLOYER,
            dirty=False,
            evm=artifact.evm,
            initcode_hash=artifact.initcode_hash,
            optimize=artifact.optimize,
            runtime_size=artifact.runtime_size,
            source=artifact.source,
            supersedes=None,
            tx="0x1",
            vyper=artifact.vyper,
        )

    def code(self, address: str) -> bytes:
        return boa.env.get_code(address)

    def find(self, tx: str) -> Mined | None:
        return self.mined.get(tx)

    def simulate(self, request: Creation, *, sender: str) -> bytes:
        args = tuple(str(value) for value in request.args)
        data = constructor_arguments(Build(request.artifact, ()), args)
        with boa.env.anchor():
            code = bytes.fromhex(request.artifact.initcode) + data
            return self.code(boa.env.deploy_code(bytecode=code, sender=sender)[0])


def write(root: Path, vault: str = VAULT) -> Path:
    folder = root / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Vault.vy").write_text(vault)
    (folder / "ledger.vy").write_text(LEDGER)
    return folder / "Vault.vy"


def build_of(root: Path, vault: str = VAULT) -> Build:
    archive = source_archive(write(root, vault), root=root)
    return rebuild_archives({"Vault": archive})["Vault"]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("here")
    return source_archive(write(root), root=root)


@pytest.fixture(scope="module")
def build(archive: bytes) -> Build:
    return rebuild_archives({"Vault": archive})["Vault"]


@pytest.fixture
def chain() -> MemoryChain:
    return MemoryChain()


def mismatches(build: Build, recorded: Contract, chain: Any) -> dict[str, tuple[str, str]]:
    return {
        finding.subject: (finding.expected, finding.found)
        for finding in compare("Vault", build, recorded, chain)
        if not finding.matches
    }


# Building


def test_source_archive__other_folder__same_bytes(archive: bytes, tmp_path: Path) -> None:
    assert source_archive(write(tmp_path), root=tmp_path) == archive


def test_source_archive__does_not_compile__is_one_line(tmp_path: Path) -> None:
    source = write(tmp_path, VAULT.replace("import ledger", "import nothing"))
    with pytest.raises(ReproduceError, match="^Vault.vy: ") as raised:
        source_archive(source, root=tmp_path)
    assert "\n" not in str(raised.value)


def test_rebuild_archives__contract_with_a_module__equals_the_compiler(
    build: Build, tmp_path: Path
) -> None:
    loaded = boa.load_partial(str(write(tmp_path)))
    assert build.artifact.runtime == loaded.compiler_data.bytecode_runtime.hex()
    assert [(item.name, item.length) for item in build.immutables] == [
        ("ledger.KEEPER", 32),
        ("LIMIT", 32),
    ]


def test_rebuild_archives__archive_of_another_compiler__is_refused(archive: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as made, zipfile.ZipFile(packed, "w") as old:
        for name in made.namelist():
            old.writestr(name, made.read(name).replace(b"v0.4.3+commit", b"v0.4.2+commit"))
    with pytest.raises(ReproduceError, match="its archive is for Vyper 0.4.2, installed is 0.4.3"):
        rebuild_archives({"Vault": packed.getvalue()})


def test_rebuild_archives__not_an_archive__is_one_line() -> None:
    with pytest.raises(ReproduceError, match="not an archive of Vyper"):
        rebuild_archives({"Vault": b"nothing"})


def test_standard_json__alone__builds_the_same(archive: bytes, build: Build) -> None:
    document = json.loads(json.dumps(standard_json(archive, build)))
    assert document["settings"]["evmVersion"] == "cancun"
    assert document["settings"]["optimize"] == "gas"
    assert rebuild_standard_json(document) == build


def test_standard_json__compiler_warns__still_builds(tmp_path: Path) -> None:
    warned = VAULT + "\n\n@external\ndef end():\n    selfdestruct(msg.sender)\n"
    archive = source_archive(write(tmp_path, warned), root=tmp_path)
    build = rebuild_archives({"Vault": archive})["Vault"]
    assert rebuild_standard_json(standard_json(archive, build)) == build


def test_standard_json__source_missing__is_one_line(archive: bytes, build: Build) -> None:
    document = standard_json(archive, build)
    del document["sources"]["contracts/ledger.vy"]
    with pytest.raises(ReproduceError, match="standard JSON does not compile: "):
        rebuild_standard_json(document)


# Comparing


def test_compare__deployed_as_recorded__every_comparison_matches(
    build: Build, chain: MemoryChain
) -> None:
    recorded = chain.deploy(build)
    findings = compare("Vault", build, recorded, chain)
    assert [finding for finding in findings if not finding.matches] == []
    assert {
        "Vault: runtime code",
        "Vault: immutables",
        "Vault.LIMIT",
        "Vault: constructor arguments",
    } <= {finding.subject for finding in findings}
    assert mismatches(build, replace(recorded, tx=None), chain) == {}


def test_compare__one_byte_flipped_on_chain__is_named(build: Build, chain: MemoryChain) -> None:
    recorded = chain.deploy(build)
    code = bytearray(chain.code(recorded.address))
    code[40] ^= 1
    boa.env.set_code(recorded.address, bytes(code))
    found = mismatches(build, recorded, chain)
    assert found.keys() == {"Vault: runtime code"}
    assert found["Vault: runtime code"][1] == f"byte 40 is 0x{code[40]:02x}"


def test_compare__immutable_changed_on_chain__is_named(build: Build, chain: MemoryChain) -> None:
    recorded = chain.deploy(build)
    code = chain.code(recorded.address)
    boa.env.set_code(recorded.address, code[:-1] + bytes([code[-1] ^ 1]))
    found = mismatches(build, recorded, chain)
    assert found.keys() == {"Vault: immutables", "Vault.LIMIT"}
    assert int(found["Vault.LIMIT"][1], 16) == 1000 ^ 1


@pytest.mark.parametrize(
    ("pragma", "key"),
    [
        ("# pragma evm-version cancun\n# pragma optimize none\n", "optimize"),
        ("# pragma evm-version shanghai\n", "evm"),
    ],
)
def test_compare__built_with_another_setting__code_differs(
    build: Build, chain: MemoryChain, tmp_path: Path, pragma: str, key: str
) -> None:
    other = build_of(tmp_path, VAULT.replace("# pragma evm-version cancun\n", pragma))
    recorded = chain.deploy(other)
    claimed = replace(recorded, **{key: getattr(build.artifact, key)})
    found = mismatches(build, claimed, chain)
    assert {"Vault: runtime code", "Vault: creation code", "Vault: code_hash"} <= found.keys()
    assert f"Vault: {key}" in mismatches(build, recorded, chain)


@pytest.mark.parametrize(
    ("edit", "subject"),
    [
        ({"address": "0x" + "ee" * 20}, "Vault: address"),
        ({"args": (KEEPER, "1001")}, "Vault: constructor arguments"),
        ({"args": ("0x" + "ac" * 20, "1000")}, "Vault.ledger.KEEPER"),
        ({"block": 8}, "Vault: block"),
        ({"code_hash": "0x" + "00" * 32}, "Vault: code_hash"),
        ({"deployer": KEEPER}, "Vault: deployer"),
        ({"evm": "prague"}, "Vault: evm"),
        ({"initcode_hash": "0x" + "00" * 32}, "Vault: initcode_hash"),
        ({"optimize": "codesize"}, "Vault: optimize"),
        ({"runtime_size": 1}, "Vault: runtime_size"),
        ({"source": "contracts/Safe.vy"}, "Vault: source"),
        ({"tx": "0x2"}, "Vault: transaction"),
        ({"vyper": "0.4.2"}, "Vault: vyper"),
    ],
)
def test_compare__record_edited__names_the_field(
    build: Build, chain: MemoryChain, edit: dict[str, Any], subject: str
) -> None:
    recorded = replace(chain.deploy(build), **edit)
    assert subject in mismatches(build, recorded, chain)


def test_compare__arguments_that_do_not_fit__are_one_line(build: Build, chain: MemoryChain) -> None:
    recorded = replace(chain.deploy(build), args=("1",))
    assert mismatches(build, recorded, chain)["Vault: readable"][1] == (
        "Vault: takes 2 arguments, recorded are 1"
    )


def test_compare__chain_does_not_answer__is_a_mismatch(build: Build, chain: MemoryChain) -> None:
    class Silent(MemoryChain):
        def simulate(self, request: Creation, *, sender: str) -> bytes:
            raise ChainError(f"creation of {request.artifact.name} by {sender}: no answer")

    found = mismatches(build, chain.deploy(build), Silent())
    assert found["Vault: readable"][1].endswith("no answer")
