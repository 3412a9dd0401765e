# pragma version 0.4.3
"""
@title contract_ids
@notice Ids under which contracts find each other in the Controller: keccak256 of the name.
@dev Source: core spec, section 0.3.
"""

BONDING_MANAGER: constant(bytes32) = keccak256("BondingManager")
BONDING_VOTES: constant(bytes32) = keccak256("BondingVotes")
CONTENT_FAULTS: constant(bytes32) = keccak256("ContentFaults")
JOBS_MANAGER: constant(bytes32) = keccak256("JobsManager")  # alias of the TicketBroker proxy
L2_LPT_DATA_CACHE: constant(bytes32) = keccak256("L2LPTDataCache")
L2_MIGRATOR: constant(bytes32) = keccak256("L2Migrator")
LIVEPEER_TOKEN: constant(bytes32) = keccak256("LivepeerToken")
MINTER: constant(bytes32) = keccak256("Minter")
ROUNDS_MANAGER: constant(bytes32) = keccak256("RoundsManager")
TICKET_BROKER: constant(bytes32) = keccak256("TicketBroker")
TREASURY: constant(bytes32) = keccak256("Treasury")
VERIFIER: constant(bytes32) = keccak256("Verifier")
