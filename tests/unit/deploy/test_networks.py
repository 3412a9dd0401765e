"""What a network means for a deployment, and the refusals before anything is sent."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scripts._lib.chain import ZERO, created_address
from scripts._lib.context import StepError
from scripts._lib.networks import (
    DEPLOYMENTS,
    NetworkError,
    Target,
    account_of,
    parameters_of,
    target_of,
)
from scripts._lib.params import FOLDER
from scripts._lib.source import NO_COMMIT, Source, read_source
from scripts.deploy import _require_committed
from tests.unit.deploy.fake_chain import STRANGER

MAINNET = Target("arbitrum-mainnet", DEPLOYMENTS / "arbitrum-mainnet.json", live=True)
LOCAL = Target("local", DEPLOYMENTS / "local.json", live=False)


def network(name: str) -> Any:
    return SimpleNamespace(name=name, ecosystem=SimpleNamespace(name="arbitrum"))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("local", LOCAL),
        ("mainnet", MAINNET),
        (
            "sepolia-fork",
            Target("arbitrum-sepolia", DEPLOYMENTS / "arbitrum-sepolia-fork.json", live=False),
        ),
    ],
)
def test_target_of__network__has_parameters_record_and_liveness(name, target):
    assert target_of(network(name)) == target


def test_parameters_of__other_chain__is_refused():
    with pytest.raises(NetworkError, match="are for chain 42161, --network is chain 421614"):
        parameters_of(MAINNET, None, chain_id=421614)


def test_parameters_of__development_file_on_a_live_network__is_refused():
    with pytest.raises(NetworkError, match="arbitrum-mainnet is live; the parameters say live = f"):
        parameters_of(MAINNET, FOLDER / "local.toml", chain_id=42161)


def test_parameters_of__development_chain__takes_any_chain_id():
    assert parameters_of(LOCAL, None, chain_id=1337).network.live is False


def test_account_of__development_chain__is_the_first_test_account():
    account = account_of(None, target=LOCAL, dry_run=False)
    assert account.address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def test_account_of__dry_run__needs_no_key():
    assert account_of(None, target=MAINNET, dry_run=True).address == ZERO
    assert account_of(STRANGER.lower(), target=MAINNET, dry_run=True).address == STRANGER


@pytest.mark.parametrize("choice", [None, STRANGER, "nobody"])
def test_account_of__live_network_without_a_known_alias__is_refused(choice, monkeypatch):
    monkeypatch.setattr("ape.accounts", SimpleNamespace(aliases=iter(["safe-signer"])))
    with pytest.raises(NetworkError) as error:
        account_of(choice, target=MAINNET, dry_run=False)
    assert str(error.value) == f"--account: {choice or 'missing'}; one of safe-signer"


def test_account_of__no_alias_at_all__says_how_to_get_one(monkeypatch):
    monkeypatch.setattr("ape.accounts", SimpleNamespace(aliases=iter(())))
    with pytest.raises(NetworkError, match="--account: missing; `ape accounts import <alias>` fir"):
        account_of(None, target=MAINNET, dry_run=False)


def test_require_committed__uncommitted_changes__is_refused():
    with pytest.raises(StepError, match="^uncommitted changes: commit them first, .* commit abab"):
        _require_committed(Source(commit="ab" * 20, dirty=True))
    _require_committed(Source(commit="ab" * 20, dirty=False))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True)

    git("init", "--quiet")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "-m", "a")
    return tmp_path


def test_read_source__clean_tree__is_its_commit(repository):
    source = read_source(repository)
    head = (repository / ".git" / "HEAD").read_text().split()[1]
    assert source == Source((repository / ".git" / head).read_text().strip(), dirty=False)


@pytest.mark.parametrize(("name", "dirty"), [("a", True), ("b", True), ("deployments/x", False)])
def test_read_source__changed_file__is_dirty_unless_it_is_a_record(repository, name, dirty):
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text("2")
    assert read_source(repository).dirty is dirty


def test_read_source__no_git_history__has_no_commit(tmp_path):
    assert read_source(tmp_path) == Source(NO_COMMIT, dirty=True)


def test_created_address__known_deployer__matches_the_chain():
    """The first contracts of anvil's first account, which every tool prints."""
    deployer = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert created_address(deployer, 0) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert created_address(deployer, 1) == "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
