"""Off-chain side of the protocol: what its participants compute and sign."""
