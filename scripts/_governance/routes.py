"""The two ways a proposal takes, byte for byte: which calldata each step of them needs.

Governor route: the Governor's owner stages an update, anyone executes it after its delay in blocks.
Treasury route: propose, vote and queue in the LivepeerGovernor, which acts through the Treasury.
Both name what they carry by a hash of it; the vectors are in core spec 12, 15, 16.4, 26 and in
governance spec 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts._governance.model import Call, Proposal, ProposalError, System

UPDATE = "(address[],uint256[],bytes[],uint256)"
ACTIONS = ("address[]", "uint256[]", "bytes[]")
GOVERNOR, TREASURY = "governor", "treasury"
# What the Treasury, or a vote on its own settings, may call; all else belongs to the owner.
TREASURY_CONTRACTS = frozenset({"LivepeerToken", "LivepeerGovernor", "Treasury"})
NO_PREDECESSOR = bytes(32)


@dataclass(frozen=True)
class Limits:
    """What the contracts of this project take; beyond it they revert without a word."""

    actions: int
    calldata: int  # bytes of each


GOVERNOR_LIMITS = Limits(actions=10, calldata=4_096)
TREASURY_LIMITS = Limits(actions=10, calldata=4_096)
MAX_DESCRIPTION = 32_768  # bytes of a treasury proposal


class Encoder(Protocol):
    """`Interfaces` of calldata.py, as far as a route needs it."""

    def encode(self, contract: str, function: str, args: Sequence[Any]) -> bytes: ...


@dataclass(frozen=True)
class GovernorUpdate:
    """An `Update` of the Governor. `nonce` tells apart updates that do the same."""

    targets: tuple[str, ...]
    values: tuple[int, ...]
    datas: tuple[bytes, ...]
    nonce: int

    @property
    def hash(self) -> bytes:
        """What the Governor stages, executes and cancels."""
        return bytes(keccak(encode([UPDATE], [self._tuple])))

    def stage(self, delay: int) -> bytes:
        """Calldata; `delay` in blocks (L1 blocks on Arbitrum) counts from the block of staging."""
        return _call(f"stage({UPDATE},uint256)", [UPDATE, "uint256"], [self._tuple, delay])

    def execute(self) -> bytes:
        return _call(f"execute({UPDATE})", [UPDATE], [self._tuple])

    def cancel(self) -> bytes:
        return _call(f"cancel({UPDATE})", [UPDATE], [self._tuple])

    @classmethod
    def from_tuple(cls, update: Sequence[Any]) -> GovernorUpdate:
        """As an event or a decoder gives it."""
        targets, values, datas, nonce = update
        return cls(_addresses(targets), tuple(values), tuple(map(bytes, datas)), nonce)

    @classmethod
    def from_staged(cls, data: bytes) -> tuple[GovernorUpdate, int]:
        """Update and delay of an UpdateStaged event, or of stage() calldata after its selector.

        Raises ProposalError.
        """
        try:
            update, delay = decode([UPDATE, "uint256"], data)
        except DecodingError:
            raise ProposalError("not a staged update: the bytes do not decode") from None
        return cls.from_tuple(update), delay

    @property
    def _tuple(self) -> tuple[Any, ...]:
        return (self.targets, self.values, self.datas, self.nonce)


@dataclass(frozen=True)
class TreasuryProposal:
    """A proposal to the LivepeerGovernor. Its id has no chain and no proposer in it."""

    targets: tuple[str, ...]
    values: tuple[int, ...]
    calldatas: tuple[bytes, ...]
    description: str

    @property
    def description_hash(self) -> bytes:
        return bytes(keccak(text=self.description))

    @property
    def id(self) -> int:
        return int.from_bytes(keccak(encode([*ACTIONS, "bytes32"], self._hashed)), "big")

    @property
    def operation_id(self) -> bytes:
        """Under which the Treasury keeps the queued batch; its salt is the description's hash."""
        fields = [*self._actions, NO_PREDECESSOR, self.description_hash]
        return bytes(keccak(encode([*ACTIONS, "bytes32", "bytes32"], fields)))

    def propose(self) -> bytes:
        types = [*ACTIONS, "string"]
        return _call(f"propose({','.join(types)})", types, [*self._actions, self.description])

    def queue(self) -> bytes:
        return self._step("queue")

    def execute(self) -> bytes:
        return self._step("execute")

    def cancel(self) -> bytes:
        """Only by the proposer, and only while the proposal is pending."""
        return self._step("cancel")

    def _step(self, function: str) -> bytes:
        types = [*ACTIONS, "bytes32"]
        return _call(f"{function}({','.join(types)})", types, self._hashed)

    @property
    def _actions(self) -> list[Any]:
        return [self.targets, self.values, self.calldatas]

    @property
    def _hashed(self) -> list[Any]:
        return [*self._actions, self.description_hash]


def build_update(
    proposal: Proposal, system: System, interfaces: Encoder, *, nonce: int
) -> GovernorUpdate:
    """Raises ProposalError."""
    if not 0 <= nonce < 2**256:
        raise ProposalError(f"nonce {nonce}: give a whole number from 0 to 2^256 - 1")
    targets, values, datas = _encoded(proposal, system, interfaces, GOVERNOR_LIMITS)
    return GovernorUpdate(targets, values, datas, nonce)


def build_treasury_proposal(
    proposal: Proposal, system: System, interfaces: Encoder, *, description: str
) -> TreasuryProposal:
    """Raises ProposalError."""
    if (size := len(description.encode())) > MAX_DESCRIPTION:
        raise ProposalError(f"description: {size} bytes, the most is {MAX_DESCRIPTION}; link to it")
    targets, values, datas = _encoded(proposal, system, interfaces, TREASURY_LIMITS)
    return TreasuryProposal(targets, values, datas, description)


def default_route(calls: Iterable[Call]) -> str:
    """The treasury route if every call is one the Treasury can be made to do, else the Governor."""
    contracts = {call.contract for call in calls}
    return TREASURY if contracts and contracts <= TREASURY_CONTRACTS else GOVERNOR


def differences(
    file: GovernorUpdate | TreasuryProposal,
    chain: GovernorUpdate | TreasuryProposal,
    names: Sequence[str],
) -> list[str]:
    """One line per action that is not the same on chain as in the file, by number and name."""
    lines = []
    ours, theirs = _actions_of(file), _actions_of(chain)
    for number in range(1, max(len(ours), len(theirs)) + 1):
        one = ours[number - 1] if number <= len(ours) else None
        other = theirs[number - 1] if number <= len(theirs) else None
        if one == other:
            continue
        if one is None:
            lines.append(f"action {number}: on chain only, to {other and other[0]}")
        elif other is None:
            lines.append(f"action {number} ({names[number - 1]}): in the file only")
        else:
            parts = ("target", "value", "calldata")
            odd = [part for part, a, b in zip(parts, one, other, strict=True) if a != b]
            lines.append(f"action {number} ({names[number - 1]}): other {' and '.join(odd)}")
    return lines


def _encoded(
    proposal: Proposal, system: System, interfaces: Encoder, limits: Limits
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[bytes, ...]]:
    calls = proposal.calls(system)
    if not calls:
        raise ProposalError(f"LIP-{proposal.lip}: has no action; `calls` must return at least one")
    if len(calls) > limits.actions:
        raise ProposalError(
            f"LIP-{proposal.lip}: {len(calls)} actions, the most is {limits.actions}; split it"
        )
    targets, datas = [], []
    for number, call in enumerate(calls, start=1):
        place = f"LIP-{proposal.lip}, action {number} ({call.name})"
        if not 0 <= call.value < 2**256:
            raise ProposalError(f"{place}: value {call.value} is no amount of wei")
        try:
            targets.append(system.address(call.contract))
            datas.append(interfaces.encode(call.contract, call.function, call.args))
        except ProposalError as error:
            raise ProposalError(f"{place}: {error}") from None
        if len(datas[-1]) > limits.calldata:
            raise ProposalError(
                f"{place}: {len(datas[-1])} bytes of calldata, the most is {limits.calldata}"
            )
    return _addresses(targets), tuple(call.value for call in calls), tuple(datas)


def _actions_of(carrier: GovernorUpdate | TreasuryProposal) -> list[tuple[str, int, bytes]]:
    datas = carrier.datas if isinstance(carrier, GovernorUpdate) else carrier.calldatas
    return list(zip(carrier.targets, carrier.values, datas, strict=True))


def _addresses(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(to_checksum_address(item)) for item in items)


def _call(signature: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
    return bytes(function_signature_to_4byte_selector(signature)) + encode(types, values)
