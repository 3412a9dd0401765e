# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Controller
@notice Registry of every protocol contract, pause switch and owner of the system.
@dev Contracts look their peers, the pause flag and the owner up here on every call. Source: core
     spec, section 3.
"""

from .interfaces import IController
from .interfaces import IManager
from .modules import ownable

implements: IController

initializes: ownable

exports: (
    ownable.owner,
    ownable.transferOwnership,
)


struct ContractInfo:
    contract_address: address
    git_commit_hash: bytes20


paused: public(bool)
_registry: HashMap[bytes32, ContractInfo]


@deploy
def __init__():
    ownable.__init__()
    self.paused = True


# Owner


@external
def setContractInfo(_id: bytes32, _contractAddress: address, _gitCommitHash: bytes20):
    ownable._check_owner()

    self._registry[_id] = ContractInfo(
        contract_address=_contractAddress, git_commit_hash=_gitCommitHash
    )
    log IController.SetContractInfo(
        id=_id, contractAddress=_contractAddress, gitCommitHash=_gitCommitHash
    )


@external
def updateController(_id: bytes32, _controller: address):
    ownable._check_owner()

    extcall IManager(self._registry[_id].contract_address).setController(_controller)


@external
def pause():
    ownable._check_owner()
    assert not self.paused

    self.paused = True
    log IController.Pause()


@external
def unpause():
    ownable._check_owner()
    assert self.paused

    self.paused = False
    log IController.Unpause()


# Views


@external
@view
def getContract(_id: bytes32) -> address:
    return self._registry[_id].contract_address


@external
@view
def getContractInfo(_id: bytes32) -> (address, bytes20):
    info: ContractInfo = self._registry[_id]
    return info.contract_address, info.git_commit_hash
