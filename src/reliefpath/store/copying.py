"""A whole chart into another database: backup, restore, and the move to a server."""

from __future__ import annotations

import sqlalchemy as sa

from reliefpath.store.database import analyze, read_transaction, write_transaction
from reliefpath.store.frames import read_frames, stored_select, write_frame
from reliefpath.store.tables import AUDIT, ROWS, SEALS


def copy_chart(source: sa.Engine, target: sa.Engine) -> None:
    """Copy everything recorded, as it is at one moment, into an empty chart.

    The source may be written to meanwhile. The target shows all of it or, if anything fails, none.
    """
    with read_transaction(source) as seen, write_transaction(target) as connection:
        for table in (AUDIT, SEALS, *ROWS.values()):
            query = stored_select(table, table.c.keys(), seen.dialect.name)
            for frame in read_frames(seen, query.order_by(*table.primary_key.columns)):
                write_frame(connection, table, frame)
        if connection.dialect.name == "postgresql":
            for table in ROWS.values():  # the next row gets the number after the last one
                last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1)
                sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                connection.execute(
                    sa.select(sa.func.setval(sequence, last.scalar_subquery(), False))
                )
        analyze(connection)
