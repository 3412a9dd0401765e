"""Votes by signature: a ballot that its voter signs, and that anybody may bring to the chain.

The ballots of the LivepeerGovernor (OpenZeppelin 4.9) name neither voter nor nonce: a signature is
the vote of whoever it recovers to. A wrong one is therefore not refused by the contract, it is the
vote of a stranger without stake. So a file says whose ballot it is, and the relayer compares.

The relayer sends one transaction per ballot, at consecutive nonces, and not a batch through another
contract: there is none in the protocol to trust with it, and here each ballot has a receipt of its
own. One that fails takes no other with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_keys.exceptions import BadSignature
from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import Web3Exception

from scripts._governance.model import ProposalError

SUPPORT = ("against", "for", "abstain")  # by number, as the contract counts
NAME, VERSION = "LivepeerGovernor", "1"
DOMAIN_TYPEHASH = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
BALLOT_TYPEHASH = keccak(text="Ballot(uint256 proposalId,uint8 support)")
EXTENDED_BALLOT_TYPEHASH = keccak(
    text="ExtendedBallot(uint256 proposalId,uint8 support,string reason,bytes params)"
)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
MAX_REASON, MAX_PARAMS = 8_192, 1_024  # bytes
GAS_MARGIN = (5, 4)  # an earlier ballot of the batch may make a later one dearer
KEYS = {
    "chain_id",
    "governor",
    "proposal_id",
    "support",
    "reason",
    "params",
    "voter",
    "signature",
}


class Codec(Protocol):
    """`Interfaces` of calldata.py, as far as casting a vote needs it."""

    def encode(self, contract: str, function: str, args: Sequence[Any]) -> bytes: ...

    def revert_reason(self, data: bytes) -> str: ...


@dataclass(frozen=True)
class Domain:
    """Where a ballot counts: a LivepeerGovernor (the proxy) on a chain."""

    chain_id: int
    governor: str

    @property
    def separator(self) -> bytes:
        types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
        names = [DOMAIN_TYPEHASH, keccak(text=NAME), keccak(text=VERSION)]
        return bytes(keccak(encode(types, [*names, self.chain_id, self.governor])))


@dataclass(frozen=True)
class Ballot:
    """A choice, not signed yet. With a reason or parameters it is an ExtendedBallot."""

    proposal_id: int
    support: int
    reason: str = ""
    params: bytes = b""

    def __post_init__(self) -> None:
        if not 0 <= self.support < len(SUPPORT):
            raise ProposalError(f"support {self.support}: give one of {', '.join(SUPPORT)}")
        if not 0 <= self.proposal_id < 2**256:
            raise ProposalError("proposal id: not a number of 256 bits")
        if len(self.reason.encode()) > MAX_REASON or len(self.params) > MAX_PARAMS:
            raise ProposalError(f"ballot: reason over {MAX_REASON} or params over {MAX_PARAMS} B")

    @property
    def extended(self) -> bool:
        return bool(self.reason or self.params)

    @property
    def struct_hash(self) -> bytes:
        if not self.extended:
            fields = [BALLOT_TYPEHASH, self.proposal_id, self.support]
            return bytes(keccak(encode(["bytes32", "uint256", "uint8"], fields)))
        types = ["bytes32", "uint256", "uint8", "bytes32", "bytes32"]
        texts = [keccak(text=self.reason), keccak(self.params)]
        fields = [EXTENDED_BALLOT_TYPEHASH, self.proposal_id, self.support, *texts]
        return bytes(keccak(encode(types, fields)))

    def message(self, domain: Domain) -> SignableMessage:
        """EIP-712, for the `sign_message` of an account of eth_account or Ape."""
        return SignableMessage(b"\x01", domain.separator, self.struct_hash)

    def digest(self, domain: Domain) -> bytes:
        return bytes(keccak(b"\x19\x01" + domain.separator + self.struct_hash))


@dataclass(frozen=True)
class SignedBallot:
    """`voter` is who the file says has signed; `signature` is r, s and v, 65 bytes."""

    domain: Domain
    ballot: Ballot
    voter: str
    signature: bytes

    def problem(self) -> str | None:
        """Why the contract would not take it as this voter's ballot; None if it would."""
        if len(self.signature) != 65:
            return f"signature of {len(self.signature)} bytes, not 65"
        if int.from_bytes(self.signature[32:64], "big") > HALF_ORDER:
            return "signature with a high s, which the contract refuses"
        if self.signature[64] not in (27, 28):
            return f"signature with v = {self.signature[64]}, not 27 or 28"
        message = self.ballot.message(self.domain)
        try:
            signer = Account.recover_message(message, signature=self.signature)
        except (BadSignature, ValueError):
            return "signature of nobody"
        if signer != self.voter:
            return f"signed by {signer}, not by {self.voter}"
        return None

    def calldata(self, interfaces: Codec) -> bytes:
        """Of castVoteBySig, or its extended form."""
        r, s, v = self.signature[:32], self.signature[32:64], self.signature[64]
        ballot = self.ballot
        head: tuple[Any, ...] = (ballot.proposal_id, ballot.support)
        if not ballot.extended:
            return interfaces.encode("LivepeerGovernor", "castVoteBySig", (*head, v, r, s))
        args = (*head, ballot.reason, ballot.params, v, r, s)
        return interfaces.encode("LivepeerGovernor", "castVoteWithReasonAndParamsBySig", args)

    def to_json(self) -> str:
        content = {
            "chain_id": self.domain.chain_id,
            "governor": self.domain.governor,
            "proposal_id": f"0x{self.ballot.proposal_id:064x}",
            "support": SUPPORT[self.ballot.support],
            "reason": self.ballot.reason,
            "params": "0x" + self.ballot.params.hex(),
            "voter": self.voter,
            "signature": "0x" + self.signature.hex(),
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> SignedBallot:
        """Raises ProposalError."""
        try:
            data: Any = json.loads(text)
        except ValueError:
            raise ProposalError("ballot: not JSON") from None
        if not isinstance(data, Mapping) or set(data) != KEYS:
            raise ProposalError(f"ballot: must have exactly {', '.join(sorted(KEYS))}")
        if data["support"] not in SUPPORT:
            raise ProposalError(f"ballot: support must be one of {', '.join(SUPPORT)}")
        for name in ("governor", "voter"):
            if not is_address(data[name]):
                raise ProposalError(f"ballot: {name} is no address")
        try:
            ballot = Ballot(
                int(data["proposal_id"], 16),
                SUPPORT.index(data["support"]),
                str(data["reason"]),
                _bytes(data["params"]),
            )
            domain = Domain(int(data["chain_id"]), str(to_checksum_address(data["governor"])))
            signature = _bytes(data["signature"])
        except (TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ProposalError):
                raise
            raise ProposalError("ballot: a number or hex text in it does not read") from None
        return cls(domain, ballot, str(to_checksum_address(data["voter"])), signature)


class Signer(Protocol):
    """An account of Ape, or a key of eth_account behind the same call."""

    address: Any

    def sign_message(self, msg: SignableMessage) -> Any: ...


def sign(ballot: Ballot, domain: Domain, account: Signer) -> SignedBallot:
    """The account is asked for one signature, which is then compared. Raises ProposalError."""
    answer = account.sign_message(ballot.message(domain))
    if answer is None:
        raise ProposalError("the account did not sign")
    r, s = (_word(getattr(answer, part)) for part in ("r", "s"))
    signed = SignedBallot(domain, ballot, str(account.address), r + s + bytes([int(answer.v)]))
    if problem := signed.problem():
        raise ProposalError(f"the account's signature cannot be used: {problem}")
    return signed


def screen(
    ballots: Iterable[SignedBallot], domain: Domain, proposal_id: int
) -> list[tuple[SignedBallot, str | None]]:
    """Each ballot with the reason not to send it that can be seen without a chain."""
    voters: set[str] = set()
    screened: list[tuple[SignedBallot, str | None]] = []
    for signed in ballots:
        problem = signed.problem()
        if signed.domain.chain_id != domain.chain_id:
            problem = f"for chain {signed.domain.chain_id}, this is chain {domain.chain_id}"
        elif signed.domain.governor != domain.governor:
            problem = f"for the governor {signed.domain.governor}, not {domain.governor}"
        elif signed.ballot.proposal_id != proposal_id:
            problem = f"for proposal 0x{signed.ballot.proposal_id:064x}"
        elif problem is None and signed.voter in voters:
            problem = "a second ballot of the same voter"
        if problem is None:
            voters.add(signed.voter)
        screened.append((signed, problem))
    return screened


@dataclass(frozen=True)
class Relayed:
    """What became of a ballot: a transaction hash, or the reason why it was not sent or failed."""

    ballot: SignedBallot
    tx: str | None
    problem: str | None


Send = Callable[[bytes, int, int], str]  # calldata, gas, nonce -> hash; raises Web3Exception


class Relayer:
    """Brings signed ballots to the chain, from one account that pays the gas."""

    def __init__(
        self, web3: Web3, domain: Domain, interfaces: Codec, *, sender: str, send: Send
    ) -> None:
        self._web3, self._domain, self._interfaces = web3, domain, interfaces
        self._sender, self._send = Web3.to_checksum_address(sender), send

    def check(self, signed: SignedBallot) -> tuple[int, str | None]:
        """Gas to send it with, and why the chain would not take it now."""
        call = {
            "from": self._sender,
            "to": Web3.to_checksum_address(self._domain.governor),
            "data": signed.calldata(self._interfaces),
        }
        try:
            weight = int.from_bytes(self._web3.eth.call(call), "big")  # type: ignore[arg-type]
            if weight == 0:
                return 0, "the voter had no stake when the vote began: it would not count"
            needed = self._web3.eth.estimate_gas(call)  # type: ignore[arg-type]
        except Web3Exception as error:
            return 0, self._reason(error)
        return needed * GAS_MARGIN[0] // GAS_MARGIN[1], None

    def relay(
        self, ballots: Iterable[SignedBallot], proposal_id: int, *, dry_run: bool = False
    ) -> list[Relayed]:
        """Send what is good, in this order, and report on every ballot."""
        nonce = int(self._web3.eth.get_transaction_count(self._sender, "pending"))
        results: list[Relayed] = []
        for signed, problem in screen(ballots, self._domain, proposal_id):
            tx: str | None = None
            gas = 0
            if problem is None:
                gas, problem = self.check(signed)
            if problem is None and not dry_run:
                try:
                    tx = self._send(signed.calldata(self._interfaces), gas, nonce)
                    nonce += 1
                except Web3Exception as error:
                    problem = f"not sent: {self._reason(error)}"
            results.append(Relayed(signed, tx, problem))
        return [self._settled(result) for result in results]

    def _settled(self, result: Relayed) -> Relayed:
        if result.tx is None:
            return result
        try:
            receipt: Any = self._web3.eth.wait_for_transaction_receipt(result.tx)  # type: ignore[arg-type]
        except Web3Exception:
            return Relayed(result.ballot, result.tx, "not mined yet: look again later")
        failed = None if receipt["status"] == 1 else "mined, and failed"
        return Relayed(result.ballot, result.tx, failed)

    def _reason(self, error: Web3Exception) -> str:
        data = getattr(error, "data", None)
        if isinstance(data, str) and data.startswith("0x"):
            return self._interfaces.revert_reason(bytes.fromhex(data[2:]))
        return " ".join(str(error).split())[:200]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _word(value: int | bytes) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else bytes(value).rjust(32, b"\0")
