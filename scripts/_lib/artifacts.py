"""Compiled contracts, through Ape, for exactly the sources on disk.

Ape compiles a contract again when its own file changes, not when a module it imports does. What
goes on a chain must not depend on that, so results are kept here under a digest of every source,
and compiled anew for any other digest.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from scripts._lib.source import ROOT

CACHE = ROOT / "build" / "contracts"
EVM = "cancun"  # as in ape-config.yaml and in every contract's pragma


class ArtifactError(ValueError):
    """One line that names the contract and what to do."""


@dataclass(frozen=True)
class Artifact:
    """One compiled contract. `initcode` and `runtime` are hex without 0x."""

    name: str
    source: str
    abi: tuple[Mapping[str, Any], ...]
    initcode: str
    runtime: str
    optimize: str
    evm: str
    vyper: str

    @cached_property
    def initcode_hash(self) -> str:
        return "0x" + keccak(bytes.fromhex(self.initcode)).hex()

    @cached_property
    def code_hash(self) -> str:
        """Hash of the creation code without the compiler's trailer.

        The trailer (CBOR, its length in the last two bytes) holds a hash of the source text: a
        comment changes it, and nothing that executes.
        """
        code = bytes.fromhex(self.initcode)
        return "0x" + keccak(code[: len(code) - int.from_bytes(code[-2:], "big")]).hex()

    @cached_property
    def contract_type(self) -> Any:
        """Ape's description of the contract."""
        from ethpm_types import ContractType

        return ContractType.model_validate(
            {
                "contractName": self.name,
                "sourceId": self.source,
                "abi": list(self.abi),
                "deploymentBytecode": {"bytecode": "0x" + self.initcode},
                "runtimeBytecode": {"bytecode": "0x" + self.runtime},
            }
        )

    @property
    def runtime_size(self) -> int:
        return len(self.runtime) // 2


class Artifacts(Mapping[str, Artifact]):
    """Contracts by name, compiled when first asked for and then kept in `cache`."""

    def __init__(self, artifacts: Mapping[str, Artifact]) -> None:
        self._artifacts = dict(artifacts)

    @classmethod
    def load(
        cls,
        names: Iterable[str],
        *,
        root: Path = ROOT,
        cache: Path = CACHE,
        on_compile: Callable[[int], None] | None = None,
    ) -> Artifacts:
        """Artifacts of `names`. `on_compile` is told how many are not in the cache.

        Raises ArtifactError.
        """
        wanted = set(names)
        file = cache / f"{_digest(root)}.json"
        known = _read(file)
        missing = sorted(wanted - known.keys())
        if missing:
            if on_compile:
                on_compile(len(missing))
            known.update({item.name: item for item in _compile(missing, root)})
            _write(file, known)
        return cls({name: known[name] for name in wanted})

    def __getitem__(self, name: str) -> Artifact:
        return self._artifacts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._artifacts)

    def __len__(self) -> int:
        return len(self._artifacts)


def sources(root: Path = ROOT) -> dict[str, Path]:
    """Path of every deployable contract by name. Modules and test doubles are not deployable."""
    folder = root / "contracts"
    return {
        path.stem: path
        for path in sorted(folder.rglob("*.vy"))
        if not {"modules", "mocks"} & set(path.relative_to(folder).parts)
    }


def _digest(root: Path) -> str:
    digest = sha256(f"{version('vyper')} {version('ape-vyper')} {EVM}".encode())
    for path in sorted((root / "contracts").rglob("*.vy*")):
        digest.update(f"\n{path.relative_to(root).as_posix()} ".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _compile(names: Iterable[str], root: Path) -> Iterator[Artifact]:
    from ape import Project, compilers  # slow to import, and not needed when all is cached
    from vyper.ast.pre_parser import PreParser

    paths = sources(root)
    for name in names:
        if name not in paths:
            raise ArtifactError(f"{name}: no {name}.vy under {root / 'contracts'}")
    chosen = [paths[name] for name in names]
    with _own_vyper_first(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ape's plugins about themselves
        compiled = {item.name: item for item in compilers.compile(chosen, project=Project(root))}
    for path in chosen:
        item = compiled[path.stem]
        parser = PreParser(is_interface=False)
        parser.parse(path.read_text(encoding="utf-8"))
        optimize, evm = parser.settings.optimize, parser.settings.evm_version
        if evm not in (None, EVM):
            raise ArtifactError(f"{path.stem}: its pragma says evm-version {evm}, not {EVM}")
        yield Artifact(
            name=path.stem,
            source=path.relative_to(root).as_posix(),
            abi=tuple(entry.model_dump(mode="json", by_alias=True) for entry in item.abi),
            initcode=_hex(item.deployment_bytecode),
            runtime=_hex(item.runtime_bytecode),
            optimize=str(optimize) if optimize is not None else "gas",  # the compiler's default
            evm=EVM,
            vyper=version("vyper"),
        )


def _hex(bytecode: Any) -> str:
    return str(bytecode.bytecode).removeprefix("0x")


@contextmanager
def _own_vyper_first() -> Iterator[None]:
    """Ape runs the first `vyper` on PATH: make that the pinned one, venv activated or not."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        if shutil.which("vyper") is None:
            raise ArtifactError("vyper: not installed beside this Python; run `make install`")
        yield
    finally:
        os.environ["PATH"] = before


def _read(file: Path) -> dict[str, Artifact]:
    try:
        data: Any = json.loads(file.read_text(encoding="utf-8"))
        return {name: _artifact(item) for name, item in data.items()}
    except (OSError, ValueError, TypeError, KeyError):
        return {}  # no cache, or half of one: compile


def _artifact(item: dict[str, Any]) -> Artifact:
    values: dict[str, Any] = {**item, "abi": tuple(item["abi"])}
    return Artifact(**values)


def _write(file: Path, artifacts: Mapping[str, Artifact]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in file.parent.glob("*.json"):
        if old != file:
            old.unlink(missing_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({name: asdict(item) for name, item in artifacts.items()}))
    os.replace(temporary, file)
