"""The parameters of a deployment: frozen dataclasses, read from scripts/_params/<network>.toml.

A key that does not exist, a missing one and a value out of range each give one line naming file,
line, key, and what would be right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from scripts._lib.rules import (
    DEPLOYER,
    GOVERNOR,
    Account,
    Bits,
    Choice,
    Flag,
    Rule,
    count,
    share,
    tokens,
)

FOLDER = Path(__file__).parents[1] / "_params"
PERC, MINTER_PERC, PRECISE_PERC = 10**6, 10**9, 10**27  # core spec 0.4
MAX_UINT64 = 2**64 - 1
YEAR = 366 * 86_400
Section = TypeVar("Section")


class ParameterError(ValueError):
    """One line that names the file, the line if known, the key, and what would be right."""


def ruled(rule: Rule, **kwargs: Any) -> Any:
    return field(metadata={"rule": rule}, **kwargs)


@dataclass(frozen=True)
class Network:
    live: bool = ruled(Flag())
    chain_id: int | None = ruled(count(1, MAX_UINT64, "EIP-155 chain id"), default=None)


@dataclass(frozen=True)
class Access:
    """Who owns the system in the end, and whether to open it. The owner of the Controller also
    administers the roles of the token, where that is ours.
    """

    owner: str = ruled(Account((DEPLOYER, GOVERNOR)))
    unpause: bool = ruled(Flag())


@dataclass(frozen=True)
class Governor:
    """The contract that changes the protocol: what its owner stages, anyone executes."""

    owner: str = ruled(Account())


@dataclass(frozen=True)
class Treasury:
    """The least time between a proposal's queueing and its execution."""

    min_delay: int = ruled(count(0, YEAR, "seconds"))


@dataclass(frozen=True)
class LivepeerGovernor:
    """By which rules stake decides about the treasury. Only its own votes change them, and
    nothing changes `quota`.
    """

    voting_delay: int = ruled(count(0, 10_000, "rounds"))
    voting_period: int = ruled(count(1, 10_000, "rounds"))
    proposal_threshold: int = ruled(tokens())
    quorum: int = ruled(share(PERC))
    quota: int = ruled(share(PERC))


@dataclass(frozen=True)
class Bonding:
    num_active_transcoders: int = ruled(count(1, 200, "orchestrators in the active set"))
    unbonding_period: int = ruled(count(1, MAX_UINT64, "rounds"))
    treasury_reward_cut_rate: int = ruled(share(PRECISE_PERC))
    treasury_balance_ceiling: int = ruled(tokens())


@dataclass(frozen=True)
class Rounds:
    """`AdjustableRoundsManager` lets anyone set the block number: never on a live network."""

    implementation: str = ruled(Choice(("RoundsManager", "AdjustableRoundsManager")))
    round_length: int = ruled(count(1, 1_000_000, "blocks; L1 blocks on Arbitrum"))
    round_lock_amount: int = ruled(share(PERC))


@dataclass(frozen=True)
class Broker:
    unlock_period: int = ruled(count(0, 1_000_000, "rounds"))
    ticket_validity_period: int = ruled(count(1, 1_000_000, "rounds"))


@dataclass(frozen=True)
class Minter:
    """`inflation` is where the Minter starts; the contract itself moves it every round."""

    inflation: int = ruled(share(MINTER_PERC))
    inflation_change: int = ruled(share(MINTER_PERC))
    target_bonding_rate: int = ruled(share(MINTER_PERC))
    burner: bool = ruled(Flag())


@dataclass(frozen=True)
class Slashing:
    """Terms of SlashingVerifier; `armed_faults` is a sum of 2 (equivocation), 4 (contradiction)
    and 8 (content). Without an arbiter nothing can be contested: the guardian cancels.
    """

    armed_faults: int = ruled(Bits(0b1110, "2 equivocation + 4 contradiction + 8 content"))
    equivocation_slash: int = ruled(share(PERC, PERC // 10))
    contradiction_slash: int = ruled(share(PERC, PERC // 10))
    content_slash: int = ruled(share(PERC, PERC // 10))
    finder_share: int = ruled(share(PERC, PERC // 2 - 1))
    signed_delay: int = ruled(count(3_600, YEAR, "seconds"))
    content_delay: int = ruled(count(3_600, YEAR, "seconds"))
    evidence_window: int = ruled(count(1, YEAR, "seconds"))
    execution_window: int = ruled(count(1, YEAR, "seconds"))
    lock_window: int = ruled(count(1, YEAR, "seconds"))
    arbitration_window: int = ruled(count(1, YEAR, "seconds"))
    content_distance: int = ruled(count(1, 1_000, "orders of a session"))
    signer_grace: int = ruled(count(0, 1_000, "rounds"))
    slash_cooldown: int = ruled(count(0, YEAR, "seconds"))
    round_slash_cap: int = ruled(share(PERC))
    round_jail_cap: int = ruled(share(PERC))
    guardian: str = ruled(Account())
    arbiter: str | None = ruled(Account(()), default=None)


@dataclass(frozen=True)
class Genesis:
    """LPT minted once, when the token is new."""

    to_faucet: int = ruled(tokens())
    to_deployer: int = ruled(tokens())


@dataclass(frozen=True)
class Faucet:
    request_amount: int = ruled(tokens(1))
    request_wait: int = ruled(count(0, 8_760, "hours"))


@dataclass(frozen=True)
class Existing:
    """Contracts that are there already and are used instead of new ones. The bridge's gateway
    mints and burns an existing token besides the Minter.
    """

    livepeer_token: str | None = ruled(Account(()), default=None)
    l2_lpt_data_cache: str | None = ruled(Account(()), default=None)
    l2_lpt_gateway: str | None = ruled(Account(()), default=None)


@dataclass(frozen=True)
class Parameters:
    network: Network
    access: Access
    bonding: Bonding
    rounds: Rounds
    broker: Broker
    minter: Minter
    slashing: Slashing
    governor: Governor
    treasury: Treasury
    livepeer_governor: LivepeerGovernor
    genesis: Genesis | None = None
    faucet: Faucet | None = None
    existing: Existing = Existing()

    def __post_init__(self) -> None:
        """Rules between values. Raises ParameterError."""
        if self.network.live and self.rounds.implementation != "RoundsManager":
            raise ParameterError(
                "rounds.implementation = AdjustableRoundsManager: anyone can set its block number; "
                "a live network takes RoundsManager"
            )
        if self.network.live and self.network.chain_id is None:
            raise ParameterError("network.chain_id: missing; a live network needs it")
        if self.existing.livepeer_token and (self.genesis or self.faucet):
            raise ParameterError(
                "existing.livepeer_token: an existing token takes no [genesis] and no [faucet]"
            )
        if self.existing.l2_lpt_gateway and not self.existing.livepeer_token:
            raise ParameterError(
                "existing.l2_lpt_gateway: a token of our own has no gateway; name the token too"
            )
        if self.genesis and self.genesis.to_faucet and not self.faucet:
            raise ParameterError("genesis.to_faucet: there is no [faucet] to mint to")


SECTIONS: dict[str, type] = {
    "network": Network,
    "access": Access,
    "bonding": Bonding,
    "rounds": Rounds,
    "broker": Broker,
    "minter": Minter,
    "slashing": Slashing,
    "governor": Governor,
    "treasury": Treasury,
    "livepeer_governor": LivepeerGovernor,
    "genesis": Genesis,
    "faucet": Faucet,
    "existing": Existing,
}
OPTIONAL = {"genesis", "faucet", "existing"}


def load_parameters(network: str | Path) -> Parameters:
    """Parameters of a network by name ("local"), or from a TOML file. Raises ParameterError."""
    path = network if isinstance(network, Path) else FOLDER / f"{network}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        names = ", ".join(sorted(file.stem for file in FOLDER.glob("*.toml")))
        raise ParameterError(
            f"{path}: {error.strerror or error}; parameter files exist for {names}"
        ) from None
    return parse_parameters(text, name=path.name)


def parse_parameters(text: str, *, name: str) -> Parameters:
    """Parameters from TOML text; `name` starts each error line. Raises ParameterError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"{name}: not TOML: {error}") from None
    reader = _Reader(name=name, text=text)
    for key in data:
        if key not in SECTIONS:
            raise reader.error("", key, f"unknown section{_nearest(key, SECTIONS)}")
    sections: dict[str, Any] = {}
    for key, kind in SECTIONS.items():
        if key in data:
            sections[key] = reader.section(key, kind, data[key])
        elif key not in OPTIONAL:
            raise reader.error("", key, "missing section")
    try:
        return Parameters(**sections)
    except ParameterError as error:
        raise ParameterError(f"{name}: {error}") from None


@dataclass(frozen=True)
class _Reader:
    name: str
    text: str

    def section(self, name: str, kind: type[Section], data: object) -> Section:
        if not isinstance(data, Mapping):
            raise self.error("", name, f"must be a section: [{name}]")
        known: dict[str, Field[Any]] = {item.name: item for item in fields(kind)}
        for key in data:
            if key not in known:
                raise self.error(name, key, f"unknown key{_nearest(key, known)}")
        values: dict[str, Any] = {}
        for key, item in known.items():
            if key in data:
                try:
                    values[key] = item.metadata["rule"].parse(data[key])
                except ValueError as error:
                    raise self.error(name, key, str(error), shown=f" = {data[key]}") from None
            elif item.default is MISSING:
                raise self.error(name, key, "missing key")
        return kind(**values)

    def error(self, section: str, key: str, problem: str, *, shown: str = "") -> ParameterError:
        line = self._line_of(section, key)
        place = f"{self.name}:{line}" if line else self.name
        return ParameterError(f"{place}: {f'{section}.' if section else ''}{key}{shown}: {problem}")

    def _line_of(self, section: str, key: str) -> int | None:
        """Line of a key, or of its section's header; tomllib keeps no positions."""
        here, header = "", None
        for number, line in enumerate(self.text.splitlines(), start=1):
            if match := re.match(r"\s*\[\s*([\w-]+)\s*\]", line):
                here = match.group(1)
                if here == (section or key):
                    header = number
            elif here == section and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number
        return header


def _nearest(key: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else f"; one of {', '.join(known)}"
