"""What is on record: the ledger, its seal, the access log, and the invariants of a whole database."""
