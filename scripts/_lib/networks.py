"""What a connected network means for a deployment: its parameters, its record, and who signs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.address import is_address, to_checksum_address

from scripts._lib.chain import ZERO
from scripts._lib.params import Parameters, load_parameters
from scripts._lib.source import ROOT

DEPLOYMENTS = ROOT / "deployments"
FORK = "-fork"


class NetworkError(ValueError):
    """One line that names the option and what to give."""


@dataclass(frozen=True)
class Target:
    """`name` is what the parameter file is called; a fork has its network's parameters."""

    name: str
    records: Path
    live: bool


@dataclass(frozen=True)
class Watcher:
    """An account that only looks: enough for a dry run."""

    address: str


def target_of(network: Any) -> Target:
    """Names for an Ape network: "local", else <ecosystem>-<network>."""
    ecosystem, name = str(network.ecosystem.name), str(network.name)
    if name == "local":
        return Target("local", DEPLOYMENTS / "local.json", live=False)
    full = f"{ecosystem}-{name}"
    return Target(
        full.removesuffix(FORK), DEPLOYMENTS / f"{full}.json", live=not name.endswith(FORK)
    )


def parameters_of(target: Target, file: Path | None, *, chain_id: int) -> Parameters:
    """The network's parameters, or those of `file`. Raises ParameterError, NetworkError."""
    parameters = load_parameters(file or target.name)
    wanted = parameters.network.chain_id
    if wanted is not None and wanted != chain_id:
        raise NetworkError(f"the parameters are for chain {wanted}, --network is chain {chain_id}")
    if target.live and not parameters.network.live:
        raise NetworkError(f"--network {target.name} is live; the parameters say live = false")
    return parameters


def account_of(choice: str | None, *, target: Target, dry_run: bool) -> Any:
    """The account that signs: by alias, on a development chain the first test account by default.

    A dry run also takes a plain address, or nothing. Raises NetworkError.
    """
    from ape import accounts

    if choice is None and not target.live:
        return accounts.test_accounts[0]
    if dry_run and (choice is None or is_address(choice)):
        return Watcher(str(to_checksum_address(choice or ZERO)))
    aliases = sorted(str(alias) for alias in accounts.aliases)
    if choice is None or choice not in aliases:
        known = f"one of {', '.join(aliases)}" if aliases else "`ape accounts import <alias>` first"
        raise NetworkError(f"--account: {choice or 'missing'}; {known}")
    return accounts.load(choice)


@contextmanager
def quiet_ape() -> Iterator[None]:
    """Ape reports every transaction at INFO; the commands here have their own line for it."""
    from ape.logging import LogLevel, logger

    with logger.at_level(LogLevel.WARNING):
        yield
