"""The proposal keeper: queues and executes what has passed, and executes what was staged.

    treasury   voting ends -> queue -> delay -> execute       (LivepeerGovernor, Treasury)
    governor   staged -> delay in blocks -> execute           (Governor)

Anyone may do this, and it counts once: a second try reverts. Each tick reads where every proposal
stands, asks `decide` what is due and tries the call from its own address. Right before an execution
it simulates it and holds the checks of the proposal's file against the result. Only then is it
sent. While a vote is open the keeper reminds of what it still lacks. By default it sends nothing.
Source: governance spec, section 9, requirement 22.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keepers.proposal_rules import Action, Kind, decide
from keepers.proposal_view import Found, ProposalView
from keepers.sending import Sender, SendError, Status
from scripts._governance.model import ProposalError

MAX_STEPS = 3  # queue, execute, and a look at the result


@dataclass(frozen=True)
class Report:
    """Where one proposal stands after a tick; `state` is an action's kind."""

    route: str
    id: str
    title: str
    state: str
    detail: str
    sent: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "route": self.route,
            "id": self.id,
            "title": self.title,
            "state": self.state,
            "detail": self.detail,
            "sent": list(self.sent),
        }


class ProposalKeeper:
    """Follows every proposal of one system. Without a sender it is a dry run."""

    def __init__(
        self,
        view: ProposalView,
        sender: Sender | None,
        *,
        remind_rounds: int = 2,
        checkpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._view, self._sender = view, sender
        self._remind_rounds, self._checkpoint = remind_rounds, checkpoint

    def tick(self) -> list[Report]:
        """Do what is due, oldest proposal first. Raises what the node raises.

        One proposal's trouble does not stop the others; what is over for good is left out.
        """
        return [self._follow(found) for found in self._view.open_ones()]

    def _follow(self, found: Found) -> Report:
        sent: list[str] = []
        try:
            action = self._advance(found, sent)
        except ProposalError as error:
            action = Action(Kind.REFUSE, str(error))
        return Report(
            found.route, found.id, found.title, action.kind.value, action.why, tuple(sent)
        )

    def _advance(self, found: Found, sent: list[str]) -> Action:
        for _ in range(MAX_STEPS):
            action = decide(self._view.situation(found), remind_rounds=self._remind_rounds)
            if not action.kind.sends:
                break
            if trouble := self._do(found, action, sent):
                return trouble
        return action

    def _do(self, found: Found, action: Action, sent: list[str]) -> Action | None:
        """Send what is due. Returns why nothing more can be done now, if so."""
        self._checkpoint(f"{action.kind}: decided")
        if refusal := self._view.refusal(found, action.kind):
            return Action(Kind.REFUSE, f"{action.kind} would revert: {refusal}")
        if action.kind is Kind.EXECUTE and (broken := self._view.broken_check(found)):
            return Action(Kind.REFUSE, f"not executed: {broken}")
        if self._sender is None:
            return Action(action.kind, f"{action.why}; a dry run sends nothing")
        try:
            if waiting := self._sender.busy():
                return Action(Kind.WAIT, waiting)
            to, data = self._view.call_of(found, action.kind)
            result = self._sender.send(action.kind, to, data)
        except SendError as error:
            return Action(Kind.WAIT, str(error))
        sent.append(result.tx)
        if result.status is Status.PENDING:
            return Action(Kind.WAIT, f"{action.kind} is pending: {result.tx}")
        if result.status is Status.FAILED:
            return Action(Kind.WAIT, f"{action.kind} failed, somebody was faster: {result.tx}")
        return None
