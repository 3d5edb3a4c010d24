"""What a ledger or a log shows when the run itself is gone."""
