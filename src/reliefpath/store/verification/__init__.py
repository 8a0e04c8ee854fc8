"""Whether the record is what was recorded: its chained log, its seals, its database."""
