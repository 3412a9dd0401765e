"""What a finder's cases left in the log: commitments, proven segments, income."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import Web3Exception

from verifier.proofs import Evidence, accused, case_id, commitment, deadline

MIN_RANGE = 500  # blocks; a node that refuses even these is no use


class SlashingLogs:
    """Looks only at blocks that can have something about a piece of evidence."""

    def __init__(self, web3: Web3, verifier: Any, manager: Any, finder: str) -> None:
        """Contracts are web3's, of SlashingVerifier and BondingManager."""
        self._web3, self._verifier, self._manager = web3, verifier, manager
        self._finder = finder
        self._starts: dict[int, int] = {}

    def is_committed(self, evidence: Evidence, salt: bytes) -> bool:
        wanted = commitment(case_id(evidence), self._finder, salt)
        event = topic(self._verifier.events.ProofCommitted().abi)
        logs = self._find(evidence, [event, _word(self._finder)])
        return any(bytes(log["data"]) == wanted for log in logs)

    def noted_segment(self, evidence: Evidence) -> int | None:
        """Number of the segment of this case that the finder proved last."""
        event = self._verifier.events.ContentFaultProven()
        topics = [topic(event.abi), case_id(evidence), None, _word(self._finder)]
        logs = self._find(evidence, topics)
        return int(event.process_log(logs[-1])["args"]["seq"]) if logs else None

    def shares(self, evidence: Evidence) -> dict[tuple[str, int], int]:
        """LPT wei paid to the finder for the case, by transaction and log."""
        events = self._verifier.events
        either = [topic(events.SlashExecuted().abi), topic(events.LocksSlashed().abi)]
        logs = self._find(evidence, [either, case_id(evidence)])
        transactions = {bytes(log["transactionHash"]): None for log in logs}
        found: dict[tuple[str, int], int] = {}
        for tx in transactions:
            receipt: Any = self._web3.eth.get_transaction_receipt(tx)  # type: ignore[arg-type]
            found |= self._payments("0x" + tx.hex(), receipt["logs"], accused(evidence))
        return found

    def _payments(self, tx: str, logs: Any, orchestrator: str) -> dict[tuple[str, int], int]:
        found = {}
        events = self._manager.events
        for event in (events.TranscoderSlashed(), events.UnbondingLockSlashed()):
            for log in logs:
                is_it = log["topics"] and bytes(log["topics"][0]) == topic(event.abi)
                if log["address"] != self._manager.address or not is_it:
                    continue
                args = event.process_log(log)["args"]
                if (args["transcoder"], args["finder"]) == (orchestrator, self._finder):
                    found[tx, int(log["logIndex"])] = int(args["finderReward"])
        return found

    def _find(self, evidence: Evidence, topics: list[Any]) -> list[Any]:
        return self._between(self._start(evidence), self._web3.eth.block_number, topics)

    def _between(self, first: int, last: int, topics: list[Any]) -> list[Any]:
        """Oldest first; in halves where the node allows fewer blocks at once."""
        try:
            return list(
                self._web3.eth.get_logs(
                    {
                        "address": self._verifier.address,
                        "topics": topics,
                        "fromBlock": first,
                        "toBlock": last,
                    }
                )
            )
        except (ValueError, Web3Exception):
            if last - first < MIN_RANGE:
                raise
        middle = (first + last) // 2
        return self._between(first, middle, topics) + self._between(middle + 1, last, topics)

    def _start(self, evidence: Evidence) -> int:
        """The first block that is not older than the evidence."""
        signed_at = deadline(evidence, 0)
        if signed_at not in self._starts:
            low, high = 0, int(self._web3.eth.block_number)
            while low < high:
                middle = (low + high) // 2
                if int(self._web3.eth.get_block(middle)["timestamp"]) < signed_at:
                    low = middle + 1
                else:
                    high = middle
            self._starts[signed_at] = low
        return self._starts[signed_at]


def topic(abi: Mapping[str, Any]) -> bytes:
    kinds = ",".join(part["type"] for part in abi["inputs"])
    return keccak(text=f"{abi['name']}({kinds})")


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])
