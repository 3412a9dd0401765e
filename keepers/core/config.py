"""The configuration of the keepers, checked: everything here has its type, range and checksum.

`keepers.core.config_file` reads it. Amounts are wei, fees wei per gas, times seconds, addresses
with checksum. What may be a secret is left out of every repr; `SignerConfig` holds no secret, only
where one is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from keepers.core.model import MILLION

SignerType = Literal["keystore", "ape", "remote", "kms"]
Profitability = Literal["off", "warn", "enforce"]


@dataclass(frozen=True)
class NetworkConfig:
    """`rpc` in order of preference; each may hold an API token."""

    name: str | None
    chain_id: int
    controller: str
    rpc: tuple[str, ...] = field(repr=False)
    confirmations: int

    @property
    def identity(self) -> dict[str, str]:
        """What a journal belongs to."""
        return {"chain": str(self.chain_id), "controller": self.controller}


@dataclass(frozen=True)
class JournalConfig:
    """A URL as SQLAlchemy takes it. It may hold the password of a database."""

    url: str = field(repr=False)


@dataclass(frozen=True)
class SignerConfig:
    """A key, by where it is. Fields that its type does not need are None.

    keystore: path, password_file      ape: alias, password_file
    remote:   socket, address          kms: key, address
    """

    name: str
    type: SignerType
    path: Path | None = None
    alias: str | None = None
    socket: Path | None = None
    key: str | None = None
    password_file: Path | None = None
    address: str | None = None


@dataclass(frozen=True)
class FeeConfig:
    """`rise_from` and `rise_to`: parts per million of the time there is."""

    soft_cap: int
    hard_cap: int
    rise_from: int
    rise_to: int
    replace_after: int


@dataclass(frozen=True)
class LimitsConfig:
    """Wei; the last one is what an account should hold, the others what may be spent at most."""

    per_operation: int
    per_round: int
    per_day: int
    per_orchestrator_per_day: int
    min_balance: int


@dataclass(frozen=True)
class RoundInitializerConfig:
    """`peers`: accounts of the other keepers that take turns with this one."""

    enabled: bool
    signer: str
    slot_seconds: float
    peers: tuple[str, ...]


@dataclass(frozen=True)
class OwnOrchestrator:
    """An orchestrator that calls `reward` with its own key."""

    address: str
    signer: str


@dataclass(frozen=True)
class RewardCallerConfig:
    """`signer` is the reward caller of all `orchestrators` (LIP-118); None if there are none.

    `lpt_price` is wei per LPT.
    """

    enabled: bool
    signer: str | None
    orchestrators: tuple[str, ...]
    own: tuple[OwnOrchestrator, ...]
    batcher: str | None
    profitability: Profitability
    lpt_price: int | None
    margin_percent: int


@dataclass(frozen=True)
class LeaseConfig:
    """`owner`: name of this process in the journal; None is host and process id."""

    enabled: bool
    owner: str | None
    ttl: float


@dataclass(frozen=True)
class TurnConfig:
    """Host number `index` of `of` hosts that share orchestrators but no journal."""

    index: int
    of: int


@dataclass(frozen=True)
class LogConfig:
    level: str
    json: bool


@dataclass(frozen=True)
class Config:
    """`signers` by name. A keeper that is not enabled has the settings it would start with."""

    network: NetworkConfig
    journal: JournalConfig
    poll_seconds: float
    signers: dict[str, SignerConfig]
    fees: FeeConfig
    limits: LimitsConfig
    round_initializer: RoundInitializerConfig
    reward_caller: RewardCallerConfig
    lease: LeaseConfig
    turn: TurnConfig
    log: LogConfig

    @property
    def signers_in_use(self) -> tuple[str, ...]:
        """Names, each once, of the signers that an enabled keeper signs with."""
        names: list[str] = []
        if self.round_initializer.enabled:
            names.append(self.round_initializer.signer)
        if self.reward_caller.enabled:
            names += [self.reward_caller.signer] if self.reward_caller.signer else []
            names += [one.signer for one in self.reward_caller.own]
        return tuple(dict.fromkeys(names))


def percent(number: int) -> int:
    """Parts per million."""
    return number * MILLION // 100
