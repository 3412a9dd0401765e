"""`ape run deploy_batcher` on anvil."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from scripts._lib.artifacts import Artifacts
from scripts._lib.chain import ApeChain, contract_instance
from scripts._lib.context import Context, Ref
from scripts._lib.deployment import run_steps
from scripts._lib.records import Records
from scripts._lib.source import read_source
from scripts._lib.steps import Deploy, Register
from scripts.deploy_batcher import cli
from tests.support.anvil import Anvil, find_anvil, run_anvil

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(find_anvil() is None, reason="no anvil: run `make install`"),
]
LOCAL = ("--network", "arbitrum:local:foundry")
NAMES = ("Controller", "MerkleSnapshot", "RewardBatcher")
STEPS = (
    Deploy("Controller", "Controller"),
    Deploy("MerkleSnapshot", "MerkleSnapshot", (Ref("Controller"),)),
)
# It only has to be there: the command calls nothing of it.
MANAGER = Register("BondingManager", "MerkleSnapshot")


@pytest.fixture
def anvil(monkeypatch: pytest.MonkeyPatch) -> Iterator[Anvil]:
    with run_anvil() as anvil, anvil.connected():
        monkeypatch.setenv("APE_FOUNDRY_HOST", anvil.url)
        yield anvil


@pytest.fixture
def context(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Context:
    import ape

    assert anvil
    chain = ApeChain(ape.accounts.test_accounts[0])
    path = tmp_path_factory.mktemp("records") / "local.json"
    context = Context(
        chain=chain,
        records=Records.open(path, chain_id=chain.chain_id, genesis=chain.genesis, live=False),
        artifacts=Artifacts.load(NAMES),
        source=read_source(),
    )
    run_steps(context, STEPS)
    return context


def deploy(controller: str, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [*LOCAL, "--controller", controller, *options])
    return result.exit_code, result.output


def test_deploy_batcher__dry_and_sent__is_there_for_this_controller(context: Context) -> None:
    run_steps(context, (MANAGER,))
    controller, chain = context.address("Controller"), context.chain
    before = chain.nonce(chain.account)

    code, output = deploy(controller)
    assert code == 0, output
    assert f"for BondingManager {context.address('MerkleSnapshot')}. --send sends it" in output
    assert chain.nonce(chain.account) == before

    code, output = deploy(controller.lower(), "--send")
    assert code == 0, output
    assert chain.nonce(chain.account) == before + 1
    found = re.search(r"setRewardCaller\((0x\w{40})\)", output)
    assert found, output
    batcher = contract_instance(context.artifacts["RewardBatcher"], found[1])
    assert batcher.controller() == controller


def test_deploy_batcher__wrong_controller__sends_nothing_and_says_why(context: Context) -> None:
    controller, chain = context.address("Controller"), context.chain
    before = chain.nonce(chain.account)
    for given, error in (
        ("0x12", "--controller 0x12: not an address"),
        (chain.account, f"{chain.account}: no code on chain"),
        (context.address("MerkleSnapshot"), "Controller.getContract at 0x"),
        (controller, f"{controller}: it knows no BondingManager"),
    ):
        code, output = deploy(given, "--send")
        assert code != 0
        assert error in output
    assert chain.nonce(chain.account) == before
