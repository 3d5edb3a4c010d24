"""A folder of shards: scenes in many files, planned, written and read a file at a time."""
