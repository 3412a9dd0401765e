"""An orchestrator's receipts: orders are checked before work, receipts signed after it, and shown.

What was signed is public: GET /receipts/<job>/<seq> answers with it, so that whoever holds another
receipt for the same order has a proof. Source: verification spec, section 8.2.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devnet.media import Profile
from devnet.orders import SignedOrder, leaf_of, signed_profiles
from verifier.claims import source_problem
from verifier.decode import Decoded, decode
from verifier.guard import ReceiptSigner, RefusedOrder
from verifier.messages import Domain, RenditionLeaf
from verifier.messages import Profile as SignedProfile
from verifier.proofs import SignedSegment


@dataclass(frozen=True)
class Signing:
    """What receipts are signed with. `key` is another than the one that holds the stake."""

    key: bytes = field(repr=False)
    domain: Domain


class Desk:
    """Safe for several threads. What was signed before a crash is remembered after it."""

    def __init__(self, signing: Signing, orchestrator: str, directory: Path) -> None:
        self._signing, self._orchestrator = signing, orchestrator
        self._shown = directory / "receipts"
        self._guard = ReceiptSigner(
            signing.key, signing.domain, directory / "receipts.log", orchestrator
        )
        self._lock = threading.Lock()

    def check(self, ordered: SignedOrder, sender: str, segment: bytes) -> Decoded:
        """The decoded source, if the order describes it. Raises RefusedOrder or MediaFault.

        Work on a false order would be lost: `sign` refuses to sign for it.
        """
        order = ordered.order
        if order.gateway != sender:
            raise RefusedOrder(f"it is of {order.gateway}, paid for by {sender}")
        source = decode(segment, pictures=False)
        problem = source_problem(order, segment, source)
        if problem:
            raise RefusedOrder(problem)
        return source

    def sign(
        self,
        ordered: SignedOrder,
        segment: bytes,
        source: Decoded,
        profiles: Sequence[Profile],
        renditions: Sequence[bytes],
    ) -> SignedSegment:
        """A receipt over what the renditions decode to, shown from then on.

        Raises RefusedOrder, EquivocationRefused, or MediaFault for a rendition that is not clean.
        """
        leaves = tuple(leaf_of(at, data) for at, data in enumerate(renditions))
        with self._lock:
            signed = self._sign(ordered, segment, source, signed_profiles(profiles), leaves)
            self._show(signed)
        return signed

    def _sign(
        self,
        ordered: SignedOrder,
        segment: bytes,
        source: Decoded,
        profiles: tuple[SignedProfile, ...],
        leaves: tuple[RenditionLeaf, ...],
    ) -> SignedSegment:
        return self._guard.sign(
            ordered.order, ordered.sig, segment, source, profiles, leaves, int(time.time())
        )

    def _show(self, signed: SignedSegment) -> None:
        path = self._shown / signed.order.job_id.hex() / str(signed.order.seq)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(signed.to_json()))

    def shown(self, job: str, seq: str) -> bytes | None:
        """What this node shows as its receipt for an order."""
        if len(job) != 64 or not job.isalnum() or not seq.isdecimal():
            return None
        path = self._shown / job / seq
        return path.read_bytes() if path.is_file() else None
