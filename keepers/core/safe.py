"""Proposes a transaction to the owners of a Safe: for cold actions that no keeper's key may do.

Only a proposal is made. The owners see it in the Safe's interface, and sign it there or not. The
same call is proposed once: whatever waits already is found again, also after a lost answer.
Sources: EIP-712, Safe 1.3 and later, its transaction service; keepers spec (e1), R24.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from eth_utils.address import is_address, to_checksum_address

from keepers.core.model import KeeperError
from keepers.core.rpc import name_of, secrets_of
from keepers.core.signer_wire import plain
from keepers.core.signing import DigestSigner, SigningError
from scripts._governance.safe import CALL, ZERO, SafeCall, SafeTransaction

MAX_ANSWER = 2**22  # bytes
MOST_WAITING = 100  # proposals
TIMEOUT = 15.0  # seconds
OLDEST = (1, 3)  # version; older ones sign without the chain's id


class SafeError(KeeperError):
    """Nothing is known to be proposed; trying again does no harm."""


@dataclass(frozen=True)
class Proposal:
    """`hash` is what owners sign, as their wallets show it. `is_new`: it did not wait already."""

    transaction: SafeTransaction
    hash: str
    is_new: bool


Fetch = Callable[[str, str, dict[str, Any] | None], tuple[int, bytes]]
"""Method, path and body of a request; status and body of its answer. Raises SafeError."""


class SafeService:
    """The transaction service of one Safe. `key` is one of its owners, or a delegate of one."""

    def __init__(
        self, url: str, *, chain_id: int, safe: str, key: DigestSigner, fetch: Fetch | None = None
    ) -> None:
        """`url` without "/api/...". It may hold a token. Raises KeeperError if it is none."""
        self._chain_id, self._safe, self._key = chain_id, safe, key
        self._fetch = fetch or _Http(url)
        self._name, self._secrets = name_of(url), secrets_of(url)

    def __repr__(self) -> str:
        return f"SafeService({self._name}, {self._safe})"

    def propose(self, call: SafeCall, *, origin: str = "keepers") -> Proposal:
        """Raises SafeError, SigningError."""
        at = self._nonce()
        for waiting, hash in self._waiting(at):
            wanted = SafeTransaction(call.to, call.value, call.data, CALL, waiting.nonce)
            # Its hash too: it may refund gas to somebody, which is not what is proposed here.
            if waiting == wanted and hash == self._hash(wanted):
                return Proposal(waiting, hash, is_new=False)
            at = max(at, waiting.nonce + 1)
        transaction = SafeTransaction(call.to, call.value, call.data, CALL, at)
        self._post(self.payload(transaction, origin=origin))
        return Proposal(transaction, self._hash(transaction), is_new=True)

    def payload(self, transaction: SafeTransaction, *, origin: str) -> dict[str, Any]:
        """What the service takes, with the signature of `key`. Raises SigningError."""
        digest = transaction.hash(chain_id=self._chain_id, safe=self._safe)
        signature = self._key.sign_digest(digest)
        if signature.signer_of(digest) != self._key.address:
            raise SigningError(f"the signer of {self._key.address} answers no signature of its own")
        packed = signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big")
        return {
            "safe": self._safe,
            "to": transaction.to,
            "value": str(transaction.value),
            "data": "0x" + transaction.data.hex() if transaction.data else None,
            "operation": transaction.operation,
            "safeTxGas": "0",
            "baseGas": "0",
            "gasPrice": "0",
            "gasToken": ZERO,
            "refundReceiver": ZERO,
            "nonce": transaction.nonce,
            "contractTransactionHash": "0x" + digest.hex(),
            "sender": self._key.address,
            "signature": "0x" + packed.hex() + bytes([27 + signature.parity]).hex(),
            "origin": origin,
        }

    def _hash(self, transaction: SafeTransaction) -> str:
        return "0x" + transaction.hash(chain_id=self._chain_id, safe=self._safe).hex()

    def _nonce(self) -> int:
        found = self._get(f"/api/v1/safes/{self._safe}/")
        version = str(found.get("version")).split("+")[0].split(".")[:2]
        if not all(part.isdigit() for part in version) or tuple(map(int, version)) < OLDEST:
            raise SafeError(f"{self._safe}: is no Safe of version 1.3 or later")
        return _whole(found.get("nonce"))

    def _waiting(self, first: int) -> list[tuple[SafeTransaction, str]]:
        """What waits for owners from this nonce on, and the hash that the service has of it."""
        path = f"/api/v1/safes/{self._safe}/multisig-transactions/"
        query = f"?executed=false&nonce__gte={first}&limit={MOST_WAITING}"
        found = self._get(path + query)
        rows = found.get("results")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise SafeError(f"{self._name}: answers no list of transactions")
        if found.get("next"):
            raise SafeError(
                f"{self._safe}: more than {MOST_WAITING} transactions wait; its owners must "
                "execute or reject some first"
            )
        return [(_transaction(row), str(row.get("safeTxHash"))) for row in rows]

    def _get(self, path: str) -> dict[str, Any]:
        status, body = self._fetch("GET", path, None)
        try:
            found = json.loads(body) if status == 200 else None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._unfit(status, body)
        return found

    def _post(self, payload: dict[str, Any]) -> None:
        path = f"/api/v1/safes/{self._safe}/multisig-transactions/"
        status, body = self._fetch("POST", path, payload)
        if status not in (200, 201):
            raise self._unfit(status, body)

    def _unfit(self, status: int, body: bytes) -> SafeError:
        text = body[:2_000].decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return SafeError(plain(f"{self._name}: HTTP {status} for {self._safe}: {text}"))


class _Http:
    def __init__(self, url: str) -> None:
        self._url, self._name = url.rstrip("/"), name_of(url)
        # It writes the path of each request, which may have a token, at the level DEBUG.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def __call__(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, bytes]:
        try:
            with requests.request(
                method,
                self._url + path,
                json=body,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
            ) as answer:
                return answer.status_code, answer.raw.read(MAX_ANSWER, decode_content=True)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            trouble = f"{self._name}: does not answer: {type(error).__name__}"
        # Not inside the handler: the first error holds the URL, and would be kept as context.
        raise SafeError(trouble)


def _transaction(row: dict[str, Any]) -> SafeTransaction:
    to, data = row.get("to"), row.get("data") or "0x"
    if not isinstance(to, str) or not is_address(to) or not isinstance(data, str):
        raise SafeError("the service answers a transaction that is none")
    try:
        content = bytes.fromhex(data.removeprefix("0x"))
    except ValueError:
        raise SafeError("the service answers a transaction with data that is none") from None
    value, operation, nonce = (_whole(row.get(name)) for name in ("value", "operation", "nonce"))
    return SafeTransaction(str(to_checksum_address(to)), value, content, operation, nonce)


def _whole(found: Any) -> int:
    """The service writes some numbers as text."""
    if isinstance(found, str) and found.isdecimal() and len(found) < 80:
        return int(found)
    if type(found) is int and found >= 0:
        return found
    raise SafeError("the service answers a number that is none")
