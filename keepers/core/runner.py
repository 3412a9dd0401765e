"""One tick over all accounts and keepers.

    head of the chain -> each account: settle -> its keepers read and decide -> pursue

What cannot be done now is done in a later tick: the state is in the chain and in the journal, and
nothing is remembered here but what the log has said already. Source: keepers spec (e1), R1, R19.
"""

from __future__ import annotations

import logging
import time
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

PRUNE_EVERY = 3_600  # seconds
KEEP = 30 * 86_400  # seconds; longer than any limit looks back

LOG = logging.getLogger("keepers")


class Voice:
    """Says a thing about a subject once, until it is another thing."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def say(self, level: int, subject: str, text: str) -> None:
        if self.is_news(subject, text):
            LOG.log(level, "%s: %s", subject, text)

    def is_news(self, subject: str, text: str) -> bool:
        """Whether it was not the last thing to be said about this subject; now it is."""
        last, self._said[subject] = self._said.get(subject), text
        return last != text

    def forget(self, subject: str) -> None:
        self._said.pop(subject, None)


@dataclass(frozen=True)
class Post:
    """An account, and the keepers that act by it."""

    engine: Engine
    keepers: tuple[Keeper, ...]

    def tick(self, head: Head, chain: Chain, voice: Voice) -> list[PlanLine]:
        """Raises KeeperError when nothing of this account can be done now."""
        self.engine.settle(head)
        purse = f"balance of {self.engine.account}"
        if text := self.engine.low_balance(head):
            voice.say(logging.WARNING, purse, text)
        else:
            voice.forget(purse)
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
            voice.forget(keeper.name)
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
        self._pruned = 0.0

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
        self._tell(lines)
        self._prune()
        return lines

    def _tell(self, lines: Sequence[PlanLine]) -> None:
        """A line for each transaction; what waits is said when it changes, for many at once."""
        waiting: dict[tuple[str, str], list[str]] = {}
        for line in lines:
            text = f"{line.verdict}: {line.reason}"
            if line.verdict in ACTS:
                due = f" ({line.why})" if line.why else ""
                LOG.info("%s, %s: %s%s", line.kind, line.subject, text, due)
            elif self._voice.is_news(f"{line.kind}, {line.subject}", text):
                waiting.setdefault((line.kind, text), []).append(line.subject)
        for (kind, text), subjects in waiting.items():
            LOG.info("%s, %s: %s", kind, _together(subjects), text)

    def _prune(self) -> None:
        """What ended long ago leaves the journal."""
        now = time.time()
        if now - self._pruned < PRUNE_EVERY:
            return
        self._pruned = now
        try:
            self._journal.prune(now - KEEP)
        except KeeperError as error:
            LOG.warning("the journal keeps what is old: %s", error)

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


def _together(subjects: Sequence[str]) -> str:
    return subjects[0] if len(subjects) == 1 else f"{subjects[0]} and {len(subjects) - 1} more"
