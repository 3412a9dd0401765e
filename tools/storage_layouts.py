"""Storage layouts of the contracts behind proxies, and what may change in them.

    python tools/storage_layouts.py            compare the contracts with deployments/layouts/
    python tools/storage_layouts.py --write    record the present layouts as the released ones

An implementation is swapped under storage that stays. So a variable may be added behind all others,
and nothing else may change: no order, no type, no size, not the evm_version (it decides where a
reentrancy lock lives). What the bits of a packed word mean is not seen here: docs/upgrade.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from vyper.compiler import CompilerData
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.semantics.types import DArrayT, HashMapT, SArrayT, StructT, VyperType
from vyper.semantics.types.module import ModuleT

ROOT = Path(__file__).parents[1]
LAYOUTS = ROOT / "deployments" / "layouts"
PROXIED = {
    "BondingManager": "contracts/bonding/BondingManager.vy",
    "BondingVotes": "contracts/bonding/BondingVotes.vy",
    "LivepeerGovernor": "contracts/treasury/LivepeerGovernor.vy",
    "RoundsManager": "contracts/rounds/RoundsManager.vy",
    "ServiceRegistry": "contracts/registry/ServiceRegistry.vy",
    "SlashingVerifier": "contracts/verification/SlashingVerifier.vy",
    "TicketBroker": "contracts/pm/TicketBroker.vy",
}


@dataclass(frozen=True)
class Variable:
    slot: int
    n_slots: int
    name: str
    type: str

    def __str__(self) -> str:
        return f"slot {self.slot}: {self.name} ({self.type}, {self.n_slots} slots)"


@dataclass(frozen=True)
class Layout:
    evm_version: str
    variables: list[Variable]


def spell(kind: VyperType) -> str:
    """A type with the members of its structs, whose order is part of the layout."""
    if isinstance(kind, StructT):
        members = ", ".join(f"{name}: {spell(member)}" for name, member in kind.members.items())
        return f"{kind.name}({members})"
    if isinstance(kind, HashMapT):
        return f"HashMap[{spell(kind.key_type)}, {spell(kind.value_type)}]"
    if isinstance(kind, DArrayT):
        return f"DynArray[{spell(kind.value_type)}, {kind.count}]"
    if isinstance(kind, SArrayT):
        return f"{spell(kind.value_type)}[{kind.count}]"
    return str(kind)


def variables_of(module: ModuleT, prefix: str = "") -> Iterator[Variable]:
    """Storage variables of a contract and, under their module's name, of what it initialises."""
    for declaration in module.variable_decls:
        variable = declaration.target._metadata["varinfo"]
        if variable.is_storage and variable.position is not None:
            yield Variable(
                variable.position.position,
                variable.typ.storage_size_in_words,
                prefix + declaration.target.id,
                spell(variable.typ),
            )
    for initialised in module.initialized_modules:
        used = initialised.module_info
        yield from variables_of(used.module_t, f"{prefix}{used.alias}.")


def compiled_layout(source: Path) -> Layout:
    bundle = FilesystemInputBundle([ROOT])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = CompilerData(bundle.load_file(source), bundle)
        module: ModuleT = compiled.global_ctx
        assert compiled.storage_layout is not None  # computing it places the variables
    return Layout(evm_version_of(source), sorted(variables_of(module), key=lambda v: v.slot))


def evm_version_of(source: Path) -> str:
    """The version the source pins; a source that pins none cannot be compared."""
    for line in source.read_text().splitlines():
        if line.startswith("# pragma evm-version "):
            return line.split()[-1]
    raise ValueError(f"{source}: no `# pragma evm-version` line")


def read_layout(path: Path) -> Layout:
    record = json.loads(path.read_text())
    return Layout(record["evm_version"], [Variable(**v) for v in record["variables"]])


def write_layout(path: Path, layout: Layout) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(layout), indent=1) + "\n")


def problems(released: Layout, present: Layout) -> list[str]:
    """What would corrupt the storage of a deployed proxy; empty if `present` only appends."""
    found: list[str] = []
    if released.evm_version != present.evm_version:
        found.append(f"evm_version {released.evm_version} became {present.evm_version}")
    for before, now in zip(released.variables, present.variables, strict=False):
        if before != now:
            found.append(f"{before} became {now}")
    found += [f"{gone} is gone" for gone in released.variables[len(present.variables) :]]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="record the present layouts")
    write: bool = parser.parse_args().write

    status = 0
    for name, source in PROXIED.items():
        path, present = LAYOUTS / f"{name}.json", compiled_layout(ROOT / source)
        if write:
            write_layout(path, present)
            continue
        found = problems(read_layout(path), present)
        print(f"{name}: {'; '.join(found) or 'compatible'}")
        status |= bool(found)
    return status


if __name__ == "__main__":
    sys.exit(main())
