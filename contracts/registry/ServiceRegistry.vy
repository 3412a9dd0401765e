# pragma version 0.4.3
# pragma evm-version cancun
"""
@title ServiceRegistry
@notice Where orchestrators publish the address of their service. No rule about who may, or what is
        published.
@dev Source: core spec, section 6. The bound on a URI is what ManagerProxy can return.
"""

from ..interfaces import IServiceRegistry
from ..modules import managed
from ..modules import proxied

implements: IServiceRegistry

initializes: managed
initializes: proxied

exports: (
    managed.controller,
    managed.setController,
    proxied.targetContractId,
)

_uris: HashMap[address, String[4096]]


@deploy
def __init__(_controller: address):
    managed.__init__(_controller)


@external
def setServiceURI(_serviceURI: String[4096]):
    self._uris[msg.sender] = _serviceURI
    log IServiceRegistry.ServiceURIUpdate(addr=msg.sender, serviceURI=_serviceURI)


@external
@view
def getServiceURI(_addr: address) -> String[4096]:
    return self._uris[_addr]
