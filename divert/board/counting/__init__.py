"""What happened, counted: events from the ledger, counts by day and place, and what of them may be shown."""
