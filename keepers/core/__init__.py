"""The transaction core of the keepers: from a wish to a transaction that is final, once."""
