"""Sends what a verb has prepared, signed by an Ape account. The only place here that signs."""

from __future__ import annotations

from typing import Any

from scripts._governance.model import ProposalError
from scripts._governance.verbs import Outgoing


class ApeOutbox:
    """One Ape account on the connected chain. Keys stay in Ape."""

    def __init__(self, account: Any, provider: Any) -> None:
        self._account, self._provider = account, provider
        self.address = str(account.address)

    def send(self, outgoing: Outgoing) -> str:
        """Hash of the transaction, mined and successful. Raises ProposalError."""
        try:
            transaction = self._create(outgoing.to, outgoing.data, outgoing.value)
            receipt = self._account.call(transaction)
        except Exception as error:  # of Ape, a wallet, a node: each has its own kinds
            raise ProposalError(f"{outgoing.label}: {_line(error)}") from None
        if int(receipt.status) != 1:
            raise ProposalError(f"{outgoing.label}: transaction {receipt.txn_hash} failed")
        return str(receipt.txn_hash)

    def post(self, to: str, data: bytes, gas: int, nonce: int) -> str:
        """Hash of a transaction that nobody waits for. Raises Web3Exception, ProposalError."""
        transaction = self._create(to, data, 0)
        transaction.sender, transaction.nonce, transaction.gas_limit = self.address, nonce, gas
        signed = self._account.sign_transaction(self._account.prepare_transaction(transaction))
        if signed is None:
            raise ProposalError("the account did not sign")
        raw = signed.serialize_transaction()
        return "0x" + bytes(self._provider.web3.eth.send_raw_transaction(raw)).hex()

    def _create(self, to: str, data: bytes, value: int) -> Any:
        ecosystem = self._provider.network.ecosystem
        return ecosystem.create_transaction(receiver=to, data=data, value=value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
