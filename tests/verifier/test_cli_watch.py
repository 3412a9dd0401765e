"""`python -m verifier watch` on real video: draws, evidence, audit, restart and bad input."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.verifier.clips import encode, moving
from tests.verifier.test_cli import assert_one_line, run
from tests.verifier.watching import DOMAIN, session, sign_media
from verifier.dossier import PROOF, RECOMPUTE
from verifier.proofs import ContentEvidence, evidence_from_json, proof_calls
from verifier.sampling import Epoch
from verifier.spool import SpoolWriter
from verifier.store import EvidenceStore

EVERYTHING = ("--rate", 1, "--raised-rate", 1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with an honest session, one of other content, and one with a false fingerprint."""
    place = tmp_path_factory.mktemp("recorded") / "place"
    writer = SpoolWriter(place, DOMAIN)
    honest, cheat, liar = (session(name, name) for name in ("honest", "cheat", "liar"))
    for seq in range(2):
        source = encode(moving(24, 320, 180, seed=seq + 1), sound=True)
        good = encode(moving(24, 320, 180, seed=seq + 1), sound=True, options={"crf": "24"})
        other = encode(moving(24, 320, 180, seed=seq + 10), sound=True)
        writer.write(sign_media(honest, seq, source, good), source, [good])
        writer.write(sign_media(cheat, seq, source, other), source, [other])
    writer.write(sign_media(liar, 0, source, other, claims=good), source, [other])
    return place


@pytest.fixture
def place(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "place")
    return tmp_path / "place"


def watch(place: Path, *more: object) -> tuple[int, str, str]:
    folder = place.parent
    result = run("watch", place, "--once", "--store", folder / "store", "--state",
                 folder / "state", *more)  # fmt: skip
    return result.exit_code, result.stdout, result.stderr


def test_watch__cheats_on_real_video__are_proven_and_the_honest_is_left_alone(
    place: Path,
) -> None:
    metrics = place.parent / "metrics.prom"
    code, out, _ = watch(place, *EVERYTHING, "--reveal", "--metrics-file", metrics)
    assert code == 0
    store = EvidenceStore(place.parent / "store")
    (proof,) = store.cases(PROOF)
    evidence = evidence_from_json(json.loads(store.get(proof.files["evidence.json"])))
    assert isinstance(evidence, ContentEvidence)
    assert len(proof_calls(evidence)) == 2
    assert proof.about["accused"] == session("cheat").orchestrator
    assert "Evidence is complete" in store.get(proof.files["report.html"]).decode()
    (lie,) = store.cases(RECOMPUTE)
    assert lie.about["orchestrator"] == session("liar").orchestrator
    assert 'verifier_checks_total{verdict="ok"} 2' in metrics.read_text()
    rows = {line.split()[0]: line for line in out.splitlines() if line.startswith("0x")}
    assert " good " in rows[session("honest").orchestrator]
    standings = json.loads((place.parent / "state" / "standings.json").read_text())
    assert {who: one["state"] for who, one in standings.items()} == {
        session("honest").orchestrator: "good",
        session("cheat").orchestrator: "suspended",
        session("liar").orchestrator: "suspended",
    }

    again, out, _ = watch(place, *EVERYTHING)  # nothing is checked twice
    assert again == 0
    assert "segment" not in out.split("orchestrator")[0]

    audited = run("audit", place.parent / "store", *EVERYTHING)
    assert audited.exit_code == 0
    assert "epoch 0: 5 draws, 5 checked, all as promised" in audited.stdout
    assert "epoch 1: not revealed yet" in audited.stdout
    assert run("audit", place.parent / "store").exit_code == 1  # other rates than promised


def test_watch__secret_and_key__are_made_for_the_owner_alone(place: Path) -> None:
    watch(place, "--rate", 0.000001, "--raised-rate", 0.000001)
    for name in ("draws.secret", "report.key"):
        path = place.parent / "state" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(bytes.fromhex(path.read_text())) == 32


def test_watch__secret_that_others_can_read__is_one_line(place: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("11" * 32)
    secret.chmod(0o644)
    result = run("watch", place, "--once", "--state", tmp_path / "state", "--store",
                 tmp_path / "store", "--secret-file", secret)  # fmt: skip
    assert_one_line(result, "chmod 600")


def test_watch__given_secret__decides_the_draws(place: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("11" * 32)
    secret.chmod(0o600)
    watch(place, "--secret-file", secret, "--rate", 0.000001, "--raised-rate", 0.000001)
    store = EvidenceStore(tmp_path / "store")
    (case,) = store.cases("epoch")
    expected = Epoch.open(b"\x11" * 32, 0, 0).commitment.hex()
    assert case.about["commitment"] == f"0x{expected}"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--signers", "missing.json"), "missing.json"),
        (("--store", "nowhere://bucket"), "nowhere"),
        (("--device", "cuda"), "--allow-cpu"),
        (("--domain", "1:0x00000000000000000000000000000000000000A2"), ""),
    ],
)
def test_watch__bad_option__is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], text: str
) -> None:
    monkeypatch.setattr("verifier.devices._why_no_cuda", lambda: "no CUDA device here")
    code, out, err = watch(place, "--rate", 0.000001, "--raised-rate", 0.000001, *arguments)
    if text:
        assert (code, out) == (2, "")
        (line,) = err.strip().splitlines()
        assert text in line
    else:  # signatures for another contract are nobody's
        assert code == 0
        assert out.count("is not signed by its gateway") == 5


def test_watch__place_that_is_not_there__is_one_line(tmp_path: Path) -> None:
    assert_one_line(run("watch", tmp_path / "nothing", "--once"), "no such folder")
    assert_one_line(run("watch", tmp_path, "--once"), "domain.json")


def test_audit__store_without_epochs__is_one_line(tmp_path: Path) -> None:
    assert_one_line(run("audit", tmp_path), "no revealed epoch")


def test_standing__after_a_run__lists_and_pardons(place: Path) -> None:
    watch(place, *EVERYTHING, "--domain", f"{DOMAIN.chain_id}:{DOMAIN.verifying_contract}")
    state = place.parent / "state"
    cheat = session("cheat").orchestrator
    listed = json.loads(run("standing", "--state", state, "--json").stdout)
    assert listed[cheat]["state"] == "suspended"
    pardoned = json.loads(run("standing", "--state", state, "--json", "--pardon", cheat).stdout)
    assert pardoned[cheat]["state"] == "good"
    assert_one_line(run("standing", "--state", state, "--pardon", "nobody"), "not an address")
