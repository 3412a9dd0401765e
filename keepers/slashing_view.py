"""Reading a case from the chain: where it stands, and what the contract would accept now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError
from web3.types import TxParams

from keepers.slashing_logs import SlashingLogs
from keepers.slashing_rules import NOT_COMMITTED, Action, Case, Kind, Situation, State
from verifier.proofs import Evidence, Fault, ProofCall, commitment, deadline

ABI = Path(__file__).parent / "abi"
ZERO = "0x" + "00" * 20
MAX_LOCKS = 32  # of a call
BRAKE = "the slashes of this round would pass their cap, and slashing would pause"
PLAIN = {Kind.SETTLE: "settleContest", Kind.EXPIRE: "expire", Kind.CLOSE: "close"}


class ChainError(RuntimeError):
    """What is at these addresses is not what a keeper needs; one line."""


class SlashingView:
    """SlashingVerifier and BondingManager behind a Controller, seen by one finder."""

    def __init__(self, web3: Web3, controller: str, finder: str) -> None:
        """Raises ChainError if the Controller, or what it must name, is not there."""
        self._web3, self.finder = web3, Web3.to_checksum_address(finder)
        self.chain_id = web3.eth.chain_id
        self._controller = self._contract("Controller", controller)
        self._verifier = self._contract("SlashingVerifier", self._named("Verifier"))
        self._manager = self._contract("BondingManager", self._named("BondingManager"))
        self.logs = SlashingLogs(web3, self._verifier, self._manager, self.finder)

    @property
    def address(self) -> str:
        """The SlashingVerifier."""
        return str(self._verifier.address)

    @property
    def genesis(self) -> str:
        block: Any = self._web3.eth.get_block(0)
        return "0x" + bytes(block["hash"]).hex()

    # -- reading

    def case(self, case_id: bytes) -> Case | None:
        state, _, accused, finder, _, due, *_ = self._verifier.functions.getCase(case_id).call()
        return Case(State(state), accused, finder, int(due)) if state else None

    def situation(
        self, evidence: Evidence, calls: tuple[ProofCall, ...], salt: bytes | None
    ) -> Situation:
        """Everything `decide` wants to know; what the state makes useless is not read."""
        terms = self._terms()
        case_id = calls[0].case_id
        s = Situation(
            now=int(self._web3.eth.get_block("latest")["timestamp"]),
            finder=self.finder,
            deadline=deadline(evidence, int(terms["evidenceWindow"])),
            case=self.case(case_id),
            system_paused=bool(self._controller.functions.paused().call()),
            slashing_paused=bool(self._verifier.functions.paused().call()),
            execution_window=int(terms["executionWindow"]),
        )
        if s.case is None:
            return self._unopened(s, evidence, calls, salt, terms)
        if s.case.finder != self.finder:
            return s
        if s.case.state is State.CONTESTED:
            return replace(s, answered=self.refusal("settleContest", case_id) is None)
        if s.case.state is State.QUEUED and s.now >= s.case.due:
            return self._due(s, case_id, s.case)
        if s.case.state is State.EXECUTED:
            return self._executed(s, case_id, s.case)
        return s

    # -- calling

    def call_of(
        self, action: Action, calls: tuple[ProofCall, ...], salt: bytes | None
    ) -> tuple[str, tuple[Any, ...]]:
        """Function and arguments of an action that sends; commitment and proof need the salt."""
        case_id = calls[0].case_id
        if action.kind is Kind.PROVE:
            return calls[action.proof].prove, (*calls[action.proof].arguments, salt)
        if action.kind is Kind.COMMIT:
            return "commitProof", (commitment(case_id, self.finder, salt or b""),)
        if action.kind is Kind.EXECUTE:
            return "execute", (case_id, list(action.locks))
        if action.kind is Kind.SLASH_LOCKS:
            return "slashLocks", (case_id, list(action.locks))
        return PLAIN[action.kind], (case_id,)

    def encoded(self, function: str, *arguments: Any) -> bytes:
        data: str = self._verifier.encode_abi(function, args=list(arguments))
        return bytes.fromhex(data[2:])

    def refusal(
        self, function: str, *arguments: Any, block: Literal["latest", "pending"] = "latest"
    ) -> str | None:
        """Why the contract would refuse this call of the finder's now; None if it would not.

        A slash that it would answer with a pause counts as refused.
        """
        answer = self._simulate(function, *arguments, block=block)
        if isinstance(answer, str):
            return answer
        if function in ("execute", "slashLocks") and not any(answer):
            return BRAKE
        return None

    # -- below

    def _unopened(
        self,
        s: Situation,
        evidence: Evidence,
        calls: tuple[ProofCall, ...],
        salt: bytes | None,
        terms: Mapping[str, Any],
    ) -> Situation:
        if s.now > s.deadline:
            return s
        fault = next(f for f in Fault if calls[0].check.lower().endswith(f.name.lower()))
        s = replace(s, armed=bool(int(terms["armedFaults"]) >> fault & 1))
        check = next((why for why in map(self._unfounded, calls) if why is not None), None)
        if check is not None or salt is None:
            return replace(s, check=check)
        proof = self._next_proof(evidence, calls, int(terms["contentDistance"]))
        call = (calls[proof].prove, *calls[proof].arguments, salt)
        prove = self.refusal(*call)
        if prove == NOT_COMMITTED:  # by the latest block; what is sent now is in the next one
            prove = self.refusal(*call, block="pending")
        committed = prove != NOT_COMMITTED or self.logs.is_committed(evidence, salt)
        return replace(s, committed=committed, prove=prove, proof=proof)

    def _unfounded(self, call: ProofCall) -> str | None:
        """Why the contract does not find the fault, or not of the case that was computed here."""
        answer = self._simulate(call.check, *call.arguments)
        if isinstance(answer, str):
            return answer
        if answer[:32] != call.case_id:
            return "the contract names another case: update this software"
        return None

    def _next_proof(self, evidence: Evidence, calls: tuple[ProofCall, ...], distance: int) -> int:
        """Of two segments the first, unless one was proven that is near enough to the other."""
        noted = self.logs.noted_segment(evidence) if len(calls) > 1 else None
        if noted is None:
            return 0
        gaps = [abs(_seq(call) - noted) for call in calls]
        return next((at for at, gap in enumerate(gaps) if 0 < gap <= distance), 0)

    def _due(self, s: Situation, case_id: bytes, case: Case) -> Situation:
        """With as many unbonding locks as fit under the round's cap; they can follow later."""
        locks, obstacle = self._fitting("execute", case_id, self._open_locks(case_id, case.accused))
        return replace(s, locks=None if obstacle else locks, obstacle=obstacle)

    def _executed(self, s: Situation, case_id: bytes, case: Case) -> Situation:
        locks = self._open_locks(case_id, case.accused)
        if not locks:
            return s
        fitting, obstacle = self._fitting("slashLocks", case_id, locks)
        return replace(s, locks=fitting, obstacle=obstacle or (None if fitting else BRAKE))

    def _fitting(
        self, function: str, case_id: bytes, locks: list[int]
    ) -> tuple[tuple[int, ...], str | None]:
        """The most locks with which the call passes, and why not even none would."""
        while (obstacle := self.refusal(function, case_id, locks)) == BRAKE and locks:
            locks = locks[: len(locks) // 2]
        return tuple(locks), obstacle

    def _open_locks(self, case_id: bytes, accused: str) -> list[int]:
        """Unbonding locks with stake that were not slashed in this case, smallest first."""
        read, verifier = self._manager.functions, self._verifier.functions
        found: dict[int, int] = {}
        for lock in range(int(read.getDelegator(accused).call()[6])):
            amount = int(read.getDelegatorUnbondingLock(accused, lock).call()[0])
            if amount > 0 and not verifier.isLockSlashed(case_id, lock).call():
                found[lock] = amount
            if len(found) == MAX_LOCKS:
                break
        return sorted(found, key=lambda lock: (found[lock], lock))

    def _terms(self) -> Mapping[str, Any]:
        function = self._verifier.functions.parameters()
        names = [part["name"] for part in function.abi["outputs"][0]["components"]]
        return dict(zip(names, function.call(), strict=True))

    def _simulate(
        self, function: str, *arguments: Any, block: Literal["latest", "pending"] = "latest"
    ) -> bytes | str:
        """What the call would return, or as text why it would revert."""
        call: TxParams = {
            "from": self.finder,
            "to": self._verifier.address,
            "data": self.encoded(function, *arguments),
        }
        try:
            return bytes(self._web3.eth.call(call, block))
        except ContractLogicError as error:
            return _reason(error)
        except Web3RPCError as error:
            if "revert" not in str(error):
                raise  # the node's trouble, not the contract's answer
            return _reason(error)

    def _named(self, name: str) -> str:
        return str(self._controller.functions.getContract(keccak(text=name)).call())

    def _contract(self, name: str, address: str) -> Any:
        if address == ZERO:
            raise ChainError(f"{name}: not registered in the Controller on chain {self.chain_id}")
        if not Web3.is_address(address) or not self._web3.eth.get_code(
            Web3.to_checksum_address(address)
        ):
            raise ChainError(f"{name}: no contract at {address} on chain {self.chain_id}")
        abi = json.loads((ABI / f"{name}.json").read_text())
        return self._web3.eth.contract(address=Web3.to_checksum_address(address), abi=abi)


def _seq(call: ProofCall) -> int:
    """Number of the receipt in the SignedSegment of proveContent."""
    return int(call.arguments[0][2][2])


def _reason(error: Exception) -> str:
    data = getattr(error, "data", None)
    if isinstance(data, str) and data.startswith("0x08c379a0"):
        raw = bytes.fromhex(data[10:])
        return raw[64 : 64 + int.from_bytes(raw[32:64], "big")].decode(errors="replace")
    text = " ".join(str(getattr(error, "message", None) or error).split())
    return text.replace("execution reverted: ", "")[:200] or "reverted without a reason"
