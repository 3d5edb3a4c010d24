"""What can be known before the first update: a trial of one batch, contracts of data and losses, the source."""
