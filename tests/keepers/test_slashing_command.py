"""`python -m keepers slashing`: one look, dry or live, and wrong options."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from eth_account import Account

from keepers.cli import cli
from keepers.slashing import Report
from keepers.slashing_command import _Screen
from tests.keepers.slashing_system import FINDER
from verifier.dossier import save_proof
from verifier.messages import Domain
from verifier.store import EvidenceStore

pytestmark = pytest.mark.integration


@pytest.fixture
def command(court, desk, tmp_path):
    """Runs `python -m keepers slashing` once; returns exit code, stdout, stderr."""
    keystore, password = tmp_path / "key.json", tmp_path / "password"
    secret = Account.encrypt(FINDER.key, "open sesame", kdf="pbkdf2", iterations=2)
    keystore.write_text(json.dumps(secret))
    password.write_text("open sesame\n")
    password.chmod(0o600)
    desk.put(court.evidence("equivocation"))

    def run(*more: str, evidence: str = str(desk.folder / "evidence")):
        options = ["slashing", "--evidence", evidence, "--rpc", court.anvil.url]
        options += ["--controller", court.controller, "--keystore", str(keystore), "--once"]
        options += ["--max-fee-gwei", "100", *more]
        result = CliRunner(mix_stderr=False).invoke(cli, options)
        text = (result.stdout + result.stderr).lower()
        assert FINDER.key.hex() not in text
        assert "open sesame" not in text
        return result.exit_code, result.stdout, result.stderr

    run.live = ("--live", "--password-file", str(password))
    return run


def test_command__by_default__sends_nothing_and_says_what_it_would(command, desk):
    code, output, _ = command("--json")
    (report,) = json.loads(output)
    assert code == 0
    assert report["state"] == "commit"
    assert report["detail"] == "the contract accepts the proof; a dry run sends nothing"
    assert desk.mined() == {}
    assert not desk.folder.joinpath("key.slashing.sqlite").exists()


def test_command__live__sends_and_keeps_its_journal_beside_the_key(command, desk):
    code, output, _ = command("--json", *command.live)
    (report,) = json.loads(output)
    assert (code, report["state"]) == (0, "wait")
    assert desk.mined() == {"commitProof": 1, "proveEquivocation": 1}
    assert desk.folder.joinpath("key.slashing.sqlite").exists()
    assert "can be executed" in command(*command.live)[1]


def test_screen__second_look__shows_only_what_changed(capsys):
    screen = _Screen(as_json=False)
    first = Report("a.json", "0x1", "0x2", "wait", "later", sent=("0xabc",))
    screen.show([first])
    assert "sent 0xabc" in capsys.readouterr().out
    screen.show([replace(first, sent=())])
    assert capsys.readouterr().out == ""
    screen.show([replace(first, sent=(), share=2 * 10**18)])
    assert "2 LPT" in capsys.readouterr().out


def test_command__evidence_store__follows_proofs_for_this_contract_alone(command, court, tmp_path):
    store = EvidenceStore(tmp_path / "store")
    save_proof(store, court.evidence("equivocation"), court.domain, court.now)
    elsewhere = Domain(1, court.verifier.address)
    save_proof(store, court.evidence("contradiction"), elsewhere, court.now)
    code, output, _ = command("--json", evidence=str(tmp_path / "store"))
    assert code == 0
    assert [report["state"] for report in json.loads(output)] == ["commit"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--live",), "--live needs --keystore (or --account) and --password-file"),
        (("--chain-id", "1"), "is chain 31337, not 1"),
        (("--controller", "0x" + "11" * 20), "Controller: no contract at 0x1111"),
        (("--controller", "nonsense"), "Controller: no contract at nonsense"),
        (("--evidence", "/nowhere"), "/nowhere is not a folder"),
        (("--rpc", "http://127.0.0.1:1"), "the node does not answer: ConnectionError"),
        (("--account", "x"), "give --keystore or --account, not both"),
    ],
)
def test_command__wrong_option__is_one_line(command, options, problem):
    code, output, error = command(*options)
    assert (code in (1, 2), output) == (True, "")
    last = error.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert problem in last
