"""Sending from one account: one transaction at a time, sent until it is mined.

The nonce belongs to this module. A transaction is in the journal before any node has seen it; on a
restart it is looked up, not repeated. Fees are EIP-1559 with a cap; one that is not mined in time
is sent again with fees an eighth higher, at the same nonce, so only one of them can be mined.

`Sender` is all that a keeper knows of this: another transaction core can take its place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import TransactionNotFound, Web3Exception
from web3.types import TxParams

from keepers.slashing_journal import Attempt, Journal

GWEI = 10**9
GAS_MARGIN = (6, 5)  # the state may move between estimate and block
POLL_SECONDS = 0.2


class SendError(RuntimeError):
    """A transaction cannot be sent now; one line."""


class Status(StrEnum):
    MINED = "mined"
    FAILED = "failed"
    PENDING = "pending"


@dataclass(frozen=True)
class Sent:
    tx: str
    status: Status


class Sender(Protocol):
    """One account's way to the chain."""

    @property
    def address(self) -> str: ...

    def busy(self) -> str | None:
        """Settle what is under way. None if the account is free, else what it waits for."""

    def send(self, label: str, to: str, data: bytes) -> Sent:
        """Sign, remember, broadcast, and wait a little. Only when not busy. Raises SendError."""


@dataclass(frozen=True)
class FeePolicy:
    """`cap` is the most to pay, wei per gas; times are seconds."""

    cap: int = 10 * GWEI
    replace_after: float = 60
    patience: float = 15  # how long `send` waits for the block

    def __post_init__(self) -> None:
        if self.cap <= 0:
            raise ValueError("fee cap must be above 0")

    def first(self, base: int, tip: int) -> tuple[int, int]:
        """Most per gas and tip per gas. Raises SendError when the cap is below the base fee."""
        if self.cap <= base:
            raise SendError(f"gas costs {base} wei, the cap is {self.cap}: waiting, or raise it")
        most = min(2 * base + tip, self.cap)
        return most, min(tip, most)

    def next(self, most: int, tip: int) -> tuple[int, int]:
        """An eighth more of both, rounded up: nodes want a tenth. Stays when the cap is reached."""
        higher = -(-most * 9 // 8)
        if higher > self.cap:
            return most, tip
        return higher, min(-(-tip * 9 // 8) + 1, higher)


class TransactionSender:
    """The Sender over a node. `checkpoint` gets a name at each point where a crash must be safe."""

    def __init__(
        self,
        web3: Web3,
        account: LocalAccount,
        journal: Journal,
        *,
        fees: FeePolicy | None = None,
        checkpoint: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._web3, self._account, self._journal = web3, account, journal
        self._fees = fees or FeePolicy()
        self._checkpoint, self._clock = checkpoint, clock
        self._chain_id = web3.eth.chain_id

    @property
    def address(self) -> str:
        return str(self._account.address)

    def busy(self) -> str | None:
        attempts = self._journal.under_way()
        used = self._web3.eth.get_transaction_count(self._account.address, "latest")
        if not attempts:
            open_ = self._web3.eth.get_transaction_count(self._account.address, "pending") - used
            if open_ > 0:
                return "a transaction of this account that the journal does not know is pending"
            return None
        last = attempts[-1]
        for attempt in attempts:
            if (succeeded := self._mined(attempt.hash)) is not None:
                self._journal.finish(last.nonce, Status.MINED if succeeded else Status.FAILED)
                return None
        if used > last.nonce:
            self._journal.finish(last.nonce, "replaced")
            return None
        if not any(self._is_known(attempt.hash) for attempt in attempts):
            # Never sent, or dropped by the node. What is due is decided anew; the nonce is the
            # same, so even if it comes back only one of the two can be mined.
            self._journal.finish(last.nonce, "dropped")
            return None
        if self._clock() - last.at >= self._fees.replace_after:
            last = self._replace(last)
        return f"{last.label} is pending: {last.hash}"

    def send(self, label: str, to: str, data: bytes) -> Sent:
        block = self._web3.eth.get_block("latest")
        most, tip = self._fees.first(
            int(block["baseFeePerGas"]), int(self._web3.eth.max_priority_fee)
        )
        call: TxParams = {
            "from": self._account.address,
            "to": Web3.to_checksum_address(to),
            "data": data,
        }
        try:
            needed = self._web3.eth.estimate_gas(call, "pending")
        except (ValueError, Web3Exception) as error:
            raise SendError(f"{label}: gas cannot be estimated: {_line(error)}") from None
        gas = needed * GAS_MARGIN[0] // GAS_MARGIN[1]
        nonce = self._web3.eth.get_transaction_count(self._account.address, "latest")
        draft = Attempt("", nonce, label, to, data, gas, most, tip, b"", 0.0)
        attempt = self._sign(draft)
        self._checkpoint(f"{label}: signed")
        self._broadcast(attempt)
        self._checkpoint(f"{label}: sent")
        return self._await(attempt)

    def _sign(self, draft: Attempt) -> Attempt:
        fields: dict[str, Any] = {
            "chainId": self._chain_id,
            "type": 2,
            "nonce": draft.nonce,
            "to": draft.target,
            "data": draft.data,
            "value": 0,
            "gas": draft.gas,
            "maxFeePerGas": draft.max_fee,
            "maxPriorityFeePerGas": draft.tip,
        }
        signed = self._account.sign_transaction(fields)
        attempt = replace(
            draft,
            hash="0x" + signed.hash.hex().removeprefix("0x"),
            raw=bytes(signed.raw_transaction),
            at=self._clock(),
        )
        self._journal.keep_attempt(attempt)
        return attempt

    def _broadcast(self, attempt: Attempt) -> None:
        try:
            self._web3.eth.send_raw_transaction(attempt.raw)
        except (ValueError, Web3Exception) as error:
            if self._is_known(attempt.hash) or self._mined(attempt.hash) is not None:
                return  # "already known": sent by an earlier run
            raise SendError(f"{attempt.label}: {_line(error)}") from None

    def _await(self, attempt: Attempt) -> Sent:
        end = time.monotonic() + self._fees.patience
        while (succeeded := self._mined(attempt.hash)) is None:
            if time.monotonic() >= end:
                return Sent(attempt.hash, Status.PENDING)
            time.sleep(POLL_SECONDS)
        status = Status.MINED if succeeded else Status.FAILED
        self._checkpoint(f"{attempt.label}: mined")
        self._journal.finish(attempt.nonce, status)
        return Sent(attempt.hash, status)

    def _replace(self, last: Attempt) -> Attempt:
        most, tip = self._fees.next(last.max_fee, last.tip)
        if most == last.max_fee:
            self._broadcast(last)
            return last
        attempt = self._sign(replace(last, max_fee=most, tip=tip))
        self._checkpoint(f"{last.label}: replacement signed")
        self._broadcast(attempt)
        return attempt

    def _mined(self, tx: str) -> bool | None:
        try:
            receipt: Any = self._web3.eth.get_transaction_receipt(tx)  # type: ignore[arg-type]
        except TransactionNotFound:
            return None
        return bool(receipt["status"])

    def _is_known(self, tx: str) -> bool:
        try:
            self._web3.eth.get_transaction(tx)  # type: ignore[arg-type]
        except TransactionNotFound:
            return False
        return True


def _line(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", None) or error).split())[:300]
