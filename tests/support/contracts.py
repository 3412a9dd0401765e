"""Where each contract lives, and how tests get one: compiled once, deployed in process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import boa
from eth_utils import keccak

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
ZERO = "0x" + "00" * 20
GIT_COMMIT = bytes.fromhex("11" * 20)


@cache
def source_of(name: str) -> Path:
    """Path of the deployable `name`; modules (snake_case) and interfaces are never deployed."""
    hits = [path for path in CONTRACTS.rglob(f"{name}.vy") if path.parent.name != "modules"]
    if len(hits) != 1:
        raise LookupError(f"{name}.vy: expected one source under {CONTRACTS}, found {hits}")
    return hits[0]


@cache
def deployer_of(name: str) -> Any:
    """The compiled contract, ready to deploy or to attach at an address."""
    return boa.load_partial(str(source_of(name)))


def deploy(name: str, *args: Any, sender: str | None = None) -> Any:
    with boa.env.prank(sender or boa.env.eoa):
        return deployer_of(name).deploy(*args)


def at(name: str, address: str) -> Any:
    return deployer_of(name).at(address)


def contract_id(name: str) -> bytes:
    """Id of a contract in the Controller."""
    return keccak(text=name)
