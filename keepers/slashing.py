"""The proof keeper: from a verifier's evidence to a slash, and the finder's share.

    read evidence -> commit -> a block later prove -> delay -> execute -> lock window -> close

Each tick reads where every case stands on chain, asks `decide` what is due, tries that by eth_call
from its own address, and only then sends it. So a keeper can be killed anywhere and started again,
with its journal or without. By default it sends nothing and says what it would send.
Source: verification spec, sections 8.3 to 8.5; issue 3, part 3.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from keepers.sending import Sender, SendError, Status
from keepers.slashing_evidence import EvidenceSource, Found
from keepers.slashing_journal import Journal
from keepers.slashing_rules import Action, Kind, State, decide
from keepers.slashing_view import SlashingView
from verifier.proofs import deadline

# One case needs at most this many transactions in a tick; more is a loop that must end.
MAX_STEPS = 8


@dataclass(frozen=True)
class Report:
    """Where one piece of evidence stands. `state` is an action's kind, or "sent" or "unreadable".

    `sent` are the transactions of this tick, `share` the LPT wei that came in so far.
    """

    evidence: str
    case_id: str
    accused: str
    state: str
    detail: str
    sent: tuple[str, ...] = ()
    share: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "evidence": self.evidence,
            "caseId": self.case_id,
            "accused": self.accused,
            "state": self.state,
            "detail": self.detail,
            "sent": list(self.sent),
            "share": self.share,
        }


class SlashingKeeper:
    """Follows every case of one finder. Without a sender it is a dry run."""

    def __init__(
        self,
        source: EvidenceSource,
        view: SlashingView,
        journal: Journal,
        sender: Sender | None,
        *,
        checkpoint: Callable[[str], None] = lambda _: None,
        salts: Callable[[], bytes] = lambda: secrets.token_bytes(32),
    ) -> None:
        self._source, self._view, self._journal, self._sender = source, view, journal, sender
        self._checkpoint, self._salts = checkpoint, salts

    def tick(self) -> list[Report]:
        """Do what is due, most urgent evidence first. Raises SourceError, and what the node raises.

        One case's trouble does not stop the others.
        """
        found = self._source.found()
        readable = sorted(
            (one for one in found if one.evidence is not None),
            key=lambda one: deadline(one.evidence, 0) if one.evidence else 0,
        )
        reports = [
            Report(one.name, "", "", "unreadable", one.error) for one in found if not one.evidence
        ]
        followed: set[bytes] = set()
        for one in readable:
            if one.case_id in followed:
                detail = "other evidence of the same case is followed"
                reports.append(self._report(one, Kind.DONE, detail))
                continue
            reports.append(self._follow(one))
            if reports[-1].state != Kind.REFUSE:
                followed.add(one.case_id)
        return reports

    def _follow(self, found: Found) -> Report:
        sent: list[str] = []
        for _ in range(MAX_STEPS):
            action = self._decide(found)
            if not action.kind.sends:
                return self._report(found, action.kind, action.why, sent)
            if self._sender is None:
                return self._report(found, action.kind, f"{action.why}; a dry run sends nothing")
            try:
                trouble = self._sender.busy() or self._do(self._sender, found, action, sent)
            except SendError as error:
                trouble = str(error)
            if trouble:
                return self._report(found, Kind.WAIT, trouble, sent)
        return self._report(found, Kind.WAIT, "goes on in the next tick", sent)

    def _decide(self, found: Found) -> Action:
        assert found.evidence is not None
        salt = self._journal.salt(found.case_id)
        situation = self._view.situation(found.evidence, found.calls, salt)
        action = decide(situation)
        if action.kind is Kind.DONE and situation.case is not None:
            self._book(found, situation.case.state)
        return action

    def _do(self, sender: Sender, found: Found, action: Action, sent: list[str]) -> str | None:
        """Send what an action asks for. Returns why nothing more can be done now, if so."""
        self._checkpoint(f"{action.kind}: decided")
        if action.kind is Kind.COMMIT and self._journal.salt(found.case_id) is None:
            self._journal.keep_salt(found.case_id, self._salts())
            self._checkpoint("commit: salt kept")
        salt = self._journal.salt(found.case_id)
        function, arguments = self._view.call_of(action, found.calls, salt)
        # A proof may count only from the next block on, which is the one it is sent for.
        block: Literal["latest", "pending"] = "pending" if action.kind is Kind.PROVE else "latest"
        if refusal := self._view.refusal(function, *arguments, block=block):
            return f"{function} would be refused: {refusal}"
        data = self._view.encoded(function, *arguments)
        result = sender.send(action.kind, self._view.address, data)
        sent.append(result.tx)
        if result.status is Status.PENDING:
            return f"{function} is pending: {result.tx}"
        if result.status is Status.FAILED:
            return f"{function} failed, somebody was faster: {result.tx}"
        if action.kind in (Kind.EXECUTE, Kind.SLASH_LOCKS):
            self._book(found, State.EXECUTED)
        return None

    def _book(self, found: Found, state: State) -> None:
        """Income from the log, so that it is complete after a crash; for good once it is over."""
        if state not in (State.EXECUTED, State.CLOSED) or self._journal.is_settled(found.case_id):
            return
        assert found.evidence is not None
        shares = self._view.logs.shares(found.evidence)
        self._journal.book(found.case_id, shares, final=state is State.CLOSED)

    def _report(
        self, found: Found, kind: Kind, detail: str, sent: list[str] | None = None
    ) -> Report:
        return Report(
            evidence=found.name,
            case_id=f"0x{found.case_id.hex()}",
            accused=found.accused,
            state=kind.value,
            detail=detail,
            sent=tuple(sent or ()),
            share=self._journal.share(found.case_id),
        )
