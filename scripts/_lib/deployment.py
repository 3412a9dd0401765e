"""Walks the steps of a deployment, one transaction at a time, and resumes a run that was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from scripts._lib.artifacts import Artifacts, sources
from scripts._lib.chain import ApeChain, Chain, Creation, Mined, Request, created_address
from scripts._lib.context import Context, Due, Note, StepError, Unchanged
from scripts._lib.initialise import Initialise
from scripts._lib.params import Parameters
from scripts._lib.plan import build_plan
from scripts._lib.protocol import Protocol
from scripts._lib.records import Pending, Records
from scripts._lib.rights import Renounce, Role
from scripts._lib.source import Source, read_source
from scripts._lib.steps import Deploy, Step


class Outcome(StrEnum):
    SENT = "sent"
    RECORDED = "recorded"  # no transaction, a line in the record
    UNCHANGED = "unchanged"
    PLANNED = "planned"  # what a dry run would send
    WAITING = "waiting"  # for another account, or for an earlier step


@dataclass(frozen=True)
class StepReport:
    """What became of one step. `tx` is the hash of what was sent for it."""

    index: int
    total: int
    name: str
    outcome: Outcome
    detail: str
    tx: str | None = None


OnStep = Callable[[StepReport], None]


def deploy_protocol(
    account: Any,
    parameters: Parameters,
    *,
    records: Path,
    on_step: OnStep | None = None,
    artifacts: Artifacts | None = None,
    source: Source | None = None,
) -> Protocol:
    """Deploy the whole system on the connected development chain, or finish doing so.

    `account` is an Ape account, `records` the file that remembers what is there. Raises StepError,
    ChainError, RecordError, ArtifactError, each one line; call again to resume.
    """
    compiled = artifacts or Artifacts.load(sources())
    chain = ApeChain(account)
    context = Context(
        chain=chain,
        records=Records.open(records, chain_id=chain.chain_id, genesis=chain.genesis, live=False),
        artifacts=compiled,
        source=source or read_source(),
    )
    run_steps(context, build_plan(parameters), on_step=on_step)
    return Protocol(context.address("Controller"), compiled)


def run_steps(
    context: Context,
    steps: Iterable[Step],
    *,
    on_step: OnStep | None = None,
    dry_run: bool = False,
) -> list[StepReport]:
    """Do what each step asks for, in order. A dry run sends and writes nothing.

    Raises StepError or ChainError at the first step that cannot be done; the record is then up to
    date.
    """
    settle(context)
    ordered = tuple(steps)
    reports: list[StepReport] = []
    for index, step in enumerate(ordered, start=1):
        outcome, detail, tx = _plan(context, step) if dry_run else _do(context, step)
        if outcome is Outcome.WAITING:
            context.waiting.append(step.name)
        report = StepReport(index, len(ordered), step.name, outcome, detail, tx)
        reports.append(report)
        if on_step:
            on_step(report)
    return reports


def settle(context: Context) -> None:
    """Find out what became of the transaction that was under way when an earlier run ended.

    A transaction that no node knows was not sent, or was lost: its nonce is free, so it can be sent
    anew without any risk of both being mined. A nonce used up by a transaction of another hash
    (replaced in the sender's wallet) tells through the address it had to create; for calls, the
    steps read from the chain what is left to do.
    """
    pending = context.records.pending
    if pending is None:
        return
    mined = context.chain.find(pending.tx) if pending.tx else None
    if mined is not None and mined.succeeded:
        context.records.finish(tx=mined.tx, block=mined.block)
    elif mined is None and pending.contract and _created(context.chain, pending):
        context.records.finish(tx=None, block=None)
    else:
        context.records.drop_pending()


def _created(chain: Chain, pending: Pending) -> bool:
    used = chain.nonce(pending.sender) > pending.nonce
    return used and pending.contract is not None and bool(chain.code(pending.contract.address))


def _do(context: Context, step: Step) -> tuple[Outcome, str, str | None]:
    sent: tuple[Request, str, str] | None = None
    verdict = step.judge(context)
    while isinstance(verdict, Due):
        if sent and sent[0] == verdict.request:
            raise StepError(f"{step.name}: {sent[2]} is mined but reads as before; run again")
        mined = _send(context, step, verdict)
        detail = mined.created if isinstance(verdict.request, Creation) else verdict.detail
        sent = (verdict.request, detail or verdict.detail, mined.tx)
        verdict = step.judge(context)
    if isinstance(verdict, Note):
        context.records.note_existing(verdict.name, verdict.entry)
        return Outcome.RECORDED, verdict.entry.address, None
    if sent:
        return Outcome.SENT, sent[1], sent[2]
    outcome = Outcome.UNCHANGED if isinstance(verdict, Unchanged) else Outcome.WAITING
    return outcome, verdict.detail, None


def _send(context: Context, step: Step, due: Due) -> Mined:
    """One transaction: written down, sent, mined, recorded."""
    account = context.chain.account
    prepared = context.chain.prepare(due.request)
    contract = due.contract and replace(
        due.contract, address=created_address(account, prepared.nonce)
    )
    context.records.begin(
        Pending(
            step=step.name,
            sender=account,
            nonce=prepared.nonce,
            tx=prepared.tx,
            to=None if isinstance(due.request, Creation) else due.request.address,
            contract=contract,
        )
    )
    mined = prepared.send()
    context.records.finish(tx=mined.tx, block=mined.block)
    return mined


def _plan(context: Context, step: Step) -> tuple[Outcome, str, str | None]:
    verdict = step.judge(context)
    if isinstance(verdict, Due):
        if isinstance(step, Deploy):
            nonce = context.chain.nonce(context.chain.account) + context.planned_transactions
            context.planned[step.record] = created_address(context.chain.account, nonce)
        elif isinstance(step, Role | Renounce):
            context.planned_roles[step.contract, step.role, verdict.detail] = step.held
        elif isinstance(step, Initialise):
            context.initialising.add(step.contract)
        context.planned_transactions += 1
        return Outcome.PLANNED, verdict.detail, None
    if isinstance(verdict, Note):
        context.records.note_existing(verdict.name, verdict.entry)
        return Outcome.RECORDED, verdict.entry.address, None
    outcome = Outcome.UNCHANGED if isinstance(verdict, Unchanged) else Outcome.WAITING
    return outcome, verdict.detail, None
