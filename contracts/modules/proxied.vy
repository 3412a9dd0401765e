# pragma version 0.4.3
"""
@title proxied
@notice Storage slot 1 of ManagerProxy and of every implementation behind one.
@dev Owns `targetContractId`. A deployable initialises `managed` first, then this module, then its own state.
     In an implementation's own storage the id stays zero. Source: core spec, section 5.
"""

targetContractId: public(bytes32)
