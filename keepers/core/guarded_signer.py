"""A key behind a policy: asked first, counted second, touched last."""

from __future__ import annotations

import time
from collections.abc import Callable

from keepers.core.day_count import DayCount
from keepers.core.model import Signed, Unsigned
from keepers.core.signer_policy import Policy, refusal
from keepers.core.signing import DigestSigner, Signature, SigningError, digest_of, seal


class Refused(SigningError):
    """The policy does not allow it."""


class GuardedSigner:
    def __init__(
        self,
        key: DigestSigner,
        policy: Policy,
        count: DayCount,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._key, self._policy, self._count, self._wall = key, policy, count, wall
        self.address = key.address

    def __repr__(self) -> str:
        return f"GuardedSigner({self.address})"

    @property
    def summary(self) -> str:
        """What the policy is, for the operator."""
        policy = self._policy
        calls = sum(len(rule.functions) for rule in policy.rules)
        return (
            f"{calls} functions of {len(policy.rules)} contracts on chain {policy.chain_id}, "
            f"at most {policy.max_gas} gas at {policy.max_fee} wei and {policy.per_day} a day"
        )

    def sign(self, tx: Unsigned) -> Signed:
        """Raises Refused, SigningError."""
        return seal(tx, self.signature(tx), self.address)

    def signature(self, tx: Unsigned) -> Signature:
        """Raises Refused, SigningError."""
        digest, now = digest_of(tx), self._wall()
        signed = self._count.today(self.address, now)
        if why := refusal(self._policy, self.address, tx, signed):
            raise Refused(why)
        self._count.add(self.address, now)
        return self._key.sign_digest(digest)
