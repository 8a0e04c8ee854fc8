"""The chart at rest: an SQLite file or a PostgreSQL server, append-only, with its audit log.

Imported on first use only, because SQLAlchemy is slow to import.
"""
