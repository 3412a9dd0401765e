"""One tick over all accounts and keepers.

    head of the chain -> each account: settle -> its keepers read and decide -> pursue

What cannot be done now is done in a later tick: the state is in the chain and in the journal, and
nothing is remembered here but what the log has said already. Source: keepers spec (e1), R1, R19.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepers.core.budget import Limits
from keepers.core.chain import Chain
from keepers.core.contracts import Book
from keepers.core.engine import Engine
from keepers.core.fees import FeePolicy
from keepers.core.journal import Journal
from keepers.core.keeper import Keeper
from keepers.core.lease import Lease
from keepers.core.model import Head, KeeperError, Wish
from keepers.core.plan import ACTS, PlanLine

LOG = logging.getLogger("keepers")


class Voice:
    """Says a thing about a subject once, until it is another thing."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def say(self, level: int, subject: str, text: str) -> None:
        if self._said.get(subject) != text:
            self._said[subject] = text
            LOG.log(level, "%s: %s", subject, text)


@dataclass(frozen=True)
class Post:
    """An account, and the keepers that act by it."""

    engine: Engine
    keepers: tuple[Keeper, ...]

    def tick(self, head: Head, chain: Chain, voice: Voice) -> list[PlanLine]:
        """Raises KeeperError when nothing of this account can be done now."""
        self.engine.settle(head)
        if text := self.engine.low_balance(head):
            voice.say(logging.WARNING, f"balance of {self.engine.account}", text)
        wishes: list[Wish] = []
        lines: list[PlanLine] = []
        silent: set[str] = set()
        for keeper in self.keepers:
            try:
                decision = keeper.decide(keeper.read(chain, head))
            except KeeperError as error:
                # Its wishes are unknown, so nothing of its kinds is given up in this tick.
                silent |= keeper.kinds
                voice.say(logging.WARNING, keeper.name, f"could not look: {error}")
                continue
            wishes += decision.wishes
            lines += [note.line(keeper.name) for note in decision.notes]
        names = {kind: keeper.name for keeper in self.keepers for kind in keeper.kinds}
        acted = self.engine.pursue(wishes, names.keys() - silent, head)
        return lines + [replace(line, keeper=names.get(line.kind, "")) for line in acted]


class Runner:
    """`tick` raises nothing that passes by itself; `close` gives up the leases."""

    def __init__(
        self,
        chain: Chain,
        book: Book,
        journal: Journal,
        posts: Sequence[Post],
        leases: Sequence[Lease],
        voice: Voice,
    ) -> None:
        self._chain, self._book, self._journal = chain, book, journal
        self._posts, self._leases, self._voice = posts, leases, voice

    def tick(self) -> list[PlanLine]:
        try:
            head = self._chain.head()
            for name, address in self._book.refresh(head.number).items():
                LOG.warning("%s: the Controller says that it is at %s now", name, address)
        except KeeperError as error:
            self._voice.say(logging.WARNING, "chain", f"nothing can be done now: {error}")
            return []
        self._voice.say(logging.INFO, "chain", f"chain {self._chain.chain_id} answers")
        lines: list[PlanLine] = []
        for post in self._posts:
            account = post.engine.account
            try:
                lines += post.tick(head, self._chain, self._voice)
                self._voice.say(logging.INFO, account, "at work")
            except KeeperError as error:
                self._voice.say(logging.ERROR, account, f"nothing can be done now: {error}")
        for line in lines:
            self._tell(line)
        return lines

    def _tell(self, line: PlanLine) -> None:
        text = f"{line.verdict}: {line.reason}"
        if line.verdict in ACTS:
            LOG.info("%s %s: %s", line.kind, line.subject, text)
        else:
            self._voice.say(logging.INFO, f"{line.kind} {line.subject}", text)

    def adopt(self, fees: FeePolicy, limits: Limits) -> None:
        """From the next tick on."""
        for post in self._posts:
            context = post.engine.context
            context.fees, context.budget.limits = fees, limits

    def close(self) -> None:
        for lease in self._leases:
            try:
                lease.release()
            except KeeperError as error:
                LOG.warning("the lease will run out by itself: %s", error)
        self._journal.close()
