"""Table of the runtime sizes of all contracts; fails when one is over its limit."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tools.vyper_sources import compiled, deployables

LIMIT = 24_576  # EIP-170, bytes of runtime code
INIT_LIMIT = 49_152  # EIP-3860, bytes of creation code without arguments
WARN_OVER = 23_500
OWN_LIMITS = {"BondingManager": 23_500}  # room for one more LIP


@dataclass(frozen=True)
class Size:
    """Bytes of one contract."""

    name: str
    runtime: int
    creation: int

    @property
    def limit(self) -> int:
        return OWN_LIMITS.get(self.name, LIMIT)

    @property
    def verdict(self) -> str:
        if self.runtime > self.limit or self.creation > INIT_LIMIT:
            return "too large"
        return "near the limit" if self.runtime > WARN_OVER else "ok"


def sizes() -> list[Size]:
    """Every deployable, largest first."""
    found = []
    for source in deployables():
        data = compiled(source)
        found.append(Size(source.stem, len(data.bytecode_runtime), len(data.bytecode)))
    return sorted(found, key=lambda size: -size.runtime)


def main() -> int:
    table = Table(title="Runtime size, bytes", title_justify="left")
    for column in ("contract", "runtime", "limit", "free", "creation", ""):
        table.add_column(column, justify="left" if column in ("contract", "") else "right")
    found = sizes()
    for size in found:
        numbers = (size.runtime, size.limit, size.limit - size.runtime, size.creation)
        table.add_row(size.name, *(f"{number:,}" for number in numbers), size.verdict)
    Console(width=100).print(table)
    return int(any(size.verdict == "too large" for size in found))


if __name__ == "__main__":
    sys.exit(main())
