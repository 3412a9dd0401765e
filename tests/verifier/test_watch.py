"""A watching verifier: draws after receipt, follow-ups, evidence at once, and no work twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.receipts import address_of, key_of
from tests.verifier.watching import (
    DOMAIN,
    EVERYTHING,
    KEY,
    NOW,
    Bench,
    Scripted,
    run,
    session,
    verdict_check,
)
from verifier.attest import VERDICTS, SignedReport
from verifier.check import SegmentCheck
from verifier.dossier import EPOCH, FINDING, PROOF, RECOMPUTE
from verifier.findings import Code
from verifier.messages import signer_of
from verifier.proofs import (
    ContradictionEvidence,
    Equivocation,
    SignedSegment,
    evidence_from_json,
    proof_calls,
)
from verifier.sampling import Draw, RatePolicy, SamplingError, audit
from verifier.standing import State as Level
from verifier.state import State, StateError
from verifier.store import Case

RARELY = RatePolicy(1, 1, new_segments=0)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def evidence(bench: Bench, case: Case) -> object:
    return evidence_from_json(json.loads(bench.store.get(case.files["evidence.json"])))


# -- draws


def test_poll__honest_segments__are_drawn_and_checked_once(bench: Bench) -> None:
    bench.add(*(session().segment(seq) for seq in range(4)))
    check = Scripted()
    watcher = bench.watcher(check)
    assert run(watcher) == []
    assert check.asked == [0, 1, 2, 3]
    assert run(watcher) == []
    assert check.asked == [0, 1, 2, 3]
    assert watcher.metrics.value("verifier_checks_total", verdict="ok") == 4


def test_poll__commitment__is_public_before_any_receipt_is_read(bench: Bench) -> None:
    watcher = bench.watcher(Scripted())
    (case,) = bench.store.cases(EPOCH)
    published = json.loads(bench.store.get(case.files["epoch.json"]))
    assert set(published) == {"epoch", "commitment", "committedAt"}
    assert "draws.json" not in case.files
    bench.add(session().segment(0))
    run(watcher)
    assert bench.state is not None
    assert bench.state.draws(0)[0].at >= published["committedAt"]


def test_poll__receipt_that_nobody_signed__is_never_drawn(bench: Bench) -> None:
    good = session().segment(1)
    forged = [
        replace(good, receipt_sig=session("stranger").segment(1).receipt_sig),
        replace(session().segment(2), order_sig=bytes(65)),
        replace(session().segment(3), leaves=good.leaves[:1]),
    ]
    bench.add(*forged)
    check = Scripted()
    told = run(bench.watcher(check))
    assert len(told) == 3
    assert "does not sign for its orchestrator" in told[0]
    assert check.asked == []
    assert bench.state is not None
    assert bench.state.draws(0) == []


def test_poll__rarely_drawn__checks_only_what_the_secret_says(bench: Bench) -> None:
    segments = [session().segment(seq) for seq in range(30)]
    bench.add(*segments)
    check = Scripted()
    run(bench.watcher(check, RatePolicy(300_000, 300_000)))
    assert bench.state is not None
    draws = bench.state.draws(0)
    assert [draw.seq for draw in draws if draw.drawn] == check.asked
    assert 0 < len(check.asked) < 30
    assert [draw.before for draw in draws] == list(range(30))


def test_reveal__epoch__lets_anyone_recompute_every_draw(bench: Bench) -> None:
    policy = RatePolicy(300_000, 600_000, new_segments=10)
    bench.add(*(session().segment(seq) for seq in range(20)))
    watcher = bench.watcher(Scripted(), policy)
    run(watcher)
    bench.time += 50
    watcher.reveal()
    case = next(case for case in bench.store.cases(EPOCH) if "draws.json" in case.files)
    published, lines, reports = (
        json.loads(bench.store.get(case.files[name]))
        for name in ("epoch.json", "draws.json", "reports.json")
    )
    found = audit(published, [Draw.from_json(line) for line in lines], policy)
    assert (found.draws, found.problems) == (20, ())
    assert len(reports) == found.sampled
    assert audit(published, [Draw.from_json(line) for line in lines[1:]], RARELY).problems


def test_poll__epoch_is_over__the_next_has_another_secret(bench: Bench) -> None:
    watcher = bench.watcher(Scripted(), epoch_seconds=100)
    bench.time += 100
    list(watcher.poll())
    cases = list(bench.store.cases(EPOCH))
    assert len(cases) == 2
    assert len({case.about["commitment"] for case in cases}) == 2


def test_watcher__another_secret_than_committed__is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.watcher(Scripted())
    monkeypatch.setattr("tests.verifier.watching.MASTER", key_of("another"))
    with pytest.raises(SamplingError, match="epoch 0"):
        bench.watcher(Scripted())


# -- what follows a finding


def test_work__severe_finding__checks_the_next_five_even_if_skipped(bench: Bench) -> None:
    bench.add(*(session().segment(seq) for seq in range(12)))
    check = Scripted({2: (Code.CELL_SEVERE,)})
    watcher = bench.watcher(check, RARELY)
    list(watcher.poll())
    assert bench.state is not None
    assert bench.state.queue() == []
    bench.state.force_after(session().job.hex(), 1)  # as if 2 to 6 had been drawn
    list(watcher.work())
    assert check.asked == [2, 3, 4, 5, 6, 7]


def test_poll__after_a_finding__the_next_five_are_certain(bench: Bench) -> None:
    bench.add(session().segment(0))
    check = Scripted({0: (Code.UNDECODABLE,)})
    run(bench.watcher(check))
    bench.add(*(session().segment(seq) for seq in range(1, 8)))
    run(bench.watcher(check, RatePolicy(1, 1)))
    assert check.asked == [0, 1, 2, 3, 4, 5]
    assert bench.state is not None
    reasons = [draw.reason for draw in bench.state.draws(0)]
    assert reasons == ["new", *["follow-up"] * 5, "new", "new"]


def test_poll__other_job_after_a_finding__is_not_certain(bench: Bench) -> None:
    bench.add(session().segment(0))
    check = Scripted({0: (Code.UNDECODABLE,)})
    run(bench.watcher(check))
    bench.add(session(job="another").segment(1))
    run(bench.watcher(check, RatePolicy(1, 1)))
    assert check.asked == [0]


def test_poll__flagged_orchestrator__is_drawn_at_the_raised_rate(bench: Bench) -> None:
    bench.add(session().segment(0), session("other", "other job").segment(0))
    check = Scripted({0: (Code.LUMA,)})
    run(bench.watcher(check))
    bench.add(session().segment(1))
    run(bench.watcher(check, RatePolicy(1, 500_000, new_segments=0)))
    assert bench.state is not None
    assert (bench.state.draws(0)[-1].reason, bench.state.draws(0)[-1].rate) == ("flagged", 500_000)


# -- evidence


def test_work__flag__keeps_the_report_without_the_media(bench: Bench) -> None:
    bench.add(session().segment(0))
    told = run(bench.watcher(Scripted({0: (Code.DETAIL,)})))
    assert "flag DETAIL" in told[0]
    (case,) = bench.store.cases(FINDING)
    assert set(case.files) == {"check.json", "segment.json", "report.html", "reports.json"}
    assert case.about["codes"] == ["DETAIL"]


def test_work__severe__keeps_the_bytes_that_were_signed(bench: Bench) -> None:
    bench.add(session().segment(0))
    run(bench.watcher(Scripted({0: (Code.CELL_SEVERE,)})))
    (case,) = bench.store.cases(FINDING)
    assert bench.store.get(case.files["source.ts"]) == b"source"
    assert bench.store.get(case.files["1.ts"]) == b"rendition"


def test_work__false_fingerprint__goes_to_recompute_and_suspends(bench: Bench) -> None:
    bench.add(session().segment(0))
    watcher = bench.watcher(Scripted({0: (Code.FALSE_FINGERPRINT,)}))
    run(watcher)
    assert len(list(bench.store.cases(RECOMPUTE))) == 1
    assert watcher.standings()[session().orchestrator].state is Level.SUSPENDED


def test_work__each_check__is_signed_by_the_verifier(bench: Bench) -> None:
    bench.add(session().segment(0), session().segment(1))
    run(bench.watcher(Scripted({1: (Code.CELL_SEVERE,)})))
    assert bench.state is not None
    reports = [SignedReport.from_json(one) for one in bench.state.reports(NOW, NOW * 2)]
    for one in reports:
        assert signer_of(DOMAIN, one.report, one.sig) == address_of(KEY)
    assert [VERDICTS[one.report.verdict] for one in reports] == ["ok", "severe"]
    assert reports[0].report.evidence_hash == bytes(32)
    (case,) = bench.store.cases(FINDING)
    assert reports[1].report.evidence_hash.hex() == case.files["check.json"]


@pytest.mark.parametrize(
    "second",
    [
        {"seq": 4, "receipt": {"signed_at": NOW + 1}},
        {"seq": 5, "receipt": {"prev_receipt": key_of("before")}},
    ],
    ids=["same place", "same predecessor"],
)
def test_poll__two_receipts_that_conflict__are_proof_at_once(
    bench: Bench, second: dict[str, object]
) -> None:
    bench.add(session().segment(4, receipt={"prev_receipt": key_of("before")}))
    bench.add(session().segment(**second))
    watcher = bench.watcher(Scripted(), RARELY)
    told = run(watcher)
    assert "two receipts for one place" in told[0]
    (case,) = bench.store.cases(PROOF)
    found = evidence(bench, case)
    assert isinstance(found, Equivocation)
    (call,) = proof_calls(found)
    assert case.about["caseId"] == f"0x{call.case_id.hex()}"
    assert watcher.standings()[session().orchestrator].state is Level.SUSPENDED


def test_poll__second_receipt_after_a_restart__is_still_an_equivocation(bench: Bench) -> None:
    bench.add(session().segment(4))
    run(bench.watcher(Scripted(), RARELY))
    bench.add(session().segment(4, receipt={"signed_at": NOW + 1}))
    run(bench.watcher(Scripted(), RARELY))
    (case,) = bench.store.cases(PROOF)
    assert case.about["fault"] == "equivocation"


def test_poll__receipt_that_contradicts_itself__is_proof_at_once(bench: Bench) -> None:
    bench.add(session().segment(4, receipt={"pixels": 1}))
    told = run(bench.watcher(Scripted(), RARELY))
    assert "contradicts itself" in told[0]
    (case,) = bench.store.cases(PROOF)
    found = evidence(bench, case)
    assert isinstance(found, ContradictionEvidence)
    assert len(proof_calls(found)) == 1


# -- crashes


def test_work__killed_in_a_check__goes_on_without_checking_twice(bench: Bench) -> None:
    bench.add(*(session().segment(seq) for seq in range(5)))
    check = Scripted(dies_at=3)
    with pytest.raises(KeyboardInterrupt):
        run(bench.watcher(check))
    check.dies_at = None
    run(bench.watcher(check))
    assert check.asked == [0, 1, 2, 3, 4]


def test_work__killed_between_evidence_and_record__keeps_one_case(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(session().segment(0))
    check = Scripted({0: (Code.CELL_SEVERE,)})
    watcher = bench.watcher(check)

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(State, "record", die)
        with pytest.raises(KeyboardInterrupt):
            run(watcher)
    assert len(list(bench.store.cases(FINDING))) == 1
    watcher = bench.watcher(check)
    run(watcher)
    assert len(list(bench.store.cases(FINDING))) == 1
    assert bench.state is not None
    assert len(bench.state.samples(session().orchestrator)) == 1


def test_poll__killed_between_draw_and_record__draws_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.add(session().segment(0, receipt={"pixels": 1}))

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(State, "record", die)
        with pytest.raises(KeyboardInterrupt):
            run(bench.watcher(Scripted()))
    assert bench.state is not None
    assert bench.state.draws(0) == []
    run(bench.watcher(Scripted()))
    assert len(bench.state.draws(0)) == 1
    assert len(list(bench.store.cases(PROOF))) == 1


def test_work__one_check_fails__the_others_go_on(bench: Bench) -> None:
    bench.add(*(session().segment(seq) for seq in range(3)))

    class Broken(Scripted):
        def __call__(self, signed: SignedSegment, *media: Any) -> SegmentCheck:
            if signed.receipt.seq == 1:
                raise RuntimeError("decoder fell over")
            return super().__call__(signed, *media)

    check = Broken()
    watcher = bench.watcher(check)
    told = run(watcher)
    assert "RuntimeError: decoder fell over" in told[0]
    assert check.asked == [0, 2]
    assert watcher.metrics.value("verifier_failures_total", kind="check") == 1
    assert run(bench.watcher(check)) == []


def test_work__media_that_never_comes__is_given_up(bench: Bench, tmp_path: Path) -> None:
    bench.add(session().segment(0))
    next((tmp_path / "place").glob("*/0/source.ts")).unlink()
    watcher = bench.watcher(Scripted())
    assert [len(run(watcher)) for _ in range(4)] == [0, 0, 1, 0]
    assert watcher.standings()[session().orchestrator].state is Level.GOOD


def test_work__unverifiable_source__is_held_against_nobody(bench: Bench) -> None:
    bench.add(session().segment(0))
    unverifiable = verdict_check(unverifiable="the source is not the file that was ordered")
    watcher = bench.watcher(lambda *_: unverifiable)  # type: ignore[arg-type]
    run(watcher)
    assert list(bench.store.cases(FINDING)) == []
    assert watcher.standings()[session().orchestrator].samples == 0


# -- memory and standings


def test_state__second_process__is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.add(session().segment(0))
    run(bench.watcher(Scripted()))
    with pytest.raises(StateError, match="another verifier"):
        State(tmp_path / "state" / "state.sqlite")


def test_state__other_chain__is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.watcher(Scripted())
    monkeypatch.setattr("tests.verifier.watching.DOMAIN", replace(DOMAIN, chain_id=1))
    with pytest.raises(StateError, match="another chain"):
        bench.watcher(Scripted())


def test_standings__file__follows_each_check(bench: Bench, tmp_path: Path) -> None:
    bench.add(session().segment(0), session().segment(9), session().segment(18))
    watcher = bench.watcher(Scripted(dict.fromkeys((0, 9, 18), (Code.DETAIL,))))
    run(watcher)
    shown = json.loads((tmp_path / "state" / "standings.json").read_text())
    assert shown[session().orchestrator]["state"] == "suspended"
    assert watcher.metrics.value("verifier_orchestrators", state="suspended") == 1
    assert bench.state is not None
    bench.state.pardon(session().orchestrator)
    assert watcher.standings()[session().orchestrator].state is Level.GOOD


def test_prune__old_receipts__go_and_the_count_of_draws_stays(bench: Bench) -> None:
    bench.add(*(session().segment(seq) for seq in range(4)))
    watcher = bench.watcher(Scripted(), EVERYTHING)
    run(watcher)
    bench.time += 10
    watcher.reveal()
    assert bench.state is not None
    assert bench.state.prune(bench.time + 1) == 3
    assert bench.state.drawn_before(session().orchestrator) == 4
    assert watcher.standings()[session().orchestrator].samples == 4
