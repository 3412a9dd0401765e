"""Storage behind proxies only ever grows at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.storage_layouts import (
    LAYOUTS,
    PROXIED,
    ROOT,
    Layout,
    compiled_layout,
    problems,
    read_layout,
)

HEADER = "# pragma version 0.4.3\n# pragma evm-version {}\n"
RELEASED = """
struct Pair:
    p: uint256
    q: bool

a: uint256
b: HashMap[address, uint256]
c: address
d: HashMap[address, Pair]
"""

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", PROXIED)
def test_layout__present_source__compatible_with_the_release(name: str) -> None:
    assert (
        problems(read_layout(LAYOUTS / f"{name}.json"), compiled_layout(ROOT / PROXIED[name])) == []
    )


@pytest.mark.parametrize("name", PROXIED)
def test_layout__proxied_contract__shares_the_first_slots_with_its_proxy(name: str) -> None:
    first, second = compiled_layout(ROOT / PROXIED[name]).variables[:2]
    proxy = compiled_layout(ROOT / "contracts/ManagerProxy.vy").variables
    assert [first, second] == proxy
    assert (first.slot, first.name) == (0, "managed.controller")
    assert (second.slot, second.name) == (1, "proxied.targetContractId")


def swap(first: str, second: str) -> str:
    return RELEASED.replace(first, "#").replace(second, first).replace("#", second)


CHANGES = {
    "reordered": (swap("a: uint256", "c: address"), "cancun", "slot 0: a"),
    "inserted": (RELEASED.replace("c: address", "new: bool\nc: address"), "cancun", "slot 2: c"),
    "retyped": (RELEASED.replace("c: address", "c: int256"), "cancun", "int256"),
    "removed": (RELEASED.replace("d: HashMap[address, Pair]", ""), "cancun", "slot 3: d"),
    "members swapped": (swap("p: uint256", "q: bool"), "cancun", "slot 3: d"),
    "other evm_version": (RELEASED, "shanghai", "evm_version cancun became shanghai"),
}


@pytest.mark.parametrize(("change", "evm_version", "complaint"), CHANGES.values(), ids=CHANGES)
def test_problems__planted_change__is_named(
    tmp_path: Path, change: str, evm_version: str, complaint: str
) -> None:
    found = problems(layout_of(tmp_path, RELEASED), layout_of(tmp_path, change, evm_version))
    assert any(complaint in line for line in found), found


def test_problems__appended_variable__passes(tmp_path: Path) -> None:
    grown = layout_of(tmp_path, RELEASED + "e: DynArray[uint256, 8]\n")
    assert problems(layout_of(tmp_path, RELEASED), grown) == []


def layout_of(folder: Path, variables: str, evm_version: str = "cancun") -> Layout:
    source = folder / "Planted.vy"
    source.write_text(HEADER.format(evm_version) + variables)
    return compiled_layout(source)
