"""The chart: a clinic's care log, its schema, and how it is read and written."""
