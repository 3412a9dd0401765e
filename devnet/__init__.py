"""A whole network on one machine: chain, orchestrators, gateway and real video."""
