"""How a database of an older version becomes one of this version; the newest comes last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from reliefpath.store.database import read_transaction, write_transaction


@dataclass(frozen=True)
class Versions:
    """The versions of one kind of database, such as of charts.

    Attributes:
        scripts: The folder of what leads from each version to the next, `PACKAGE:FOLDER`.
        table: Where a database says of which version it is.
    """

    scripts: str
    table: str

    @property
    def _config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", "reliefpath.store:migrations")
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", self.scripts)
        config.attributes["version_table"] = self.table
        return config

    def newest(self) -> str:
        """Return the version that this software writes."""
        return str(ScriptDirectory.from_config(self._config).get_current_head())

    def known(self, version: str) -> bool:
        """Return whether this software knows a version."""
        scripts = ScriptDirectory.from_config(self._config)
        return any(script.revision == version for script in scripts.walk_revisions())

    def version_of(self, engine: sa.Engine) -> str | None:
        """Return the version of a database, or None where there is none."""
        with read_transaction(engine) as connection:
            return self._said(connection)

    def upgrade(self, engine: sa.Engine, to: str = "head", since: str | None = None) -> None:
        """Bring a database to a version, by default the newest, or leave it as it was.

        `since` is the version of one that does not say so itself.
        """

        def move(config: Config) -> None:
            if since is not None and self._said(config.attributes["connection"]) is None:
                command.stamp(config, since)
            command.upgrade(config, to)

        self._migrate(engine, move)

    def downgrade(self, engine: sa.Engine, to: str) -> None:
        """Take a database back to a version."""
        self._migrate(engine, lambda config: command.downgrade(config, to))

    def _said(self, connection: sa.Connection) -> str | None:
        told = MigrationContext.configure(connection, opts={"version_table": self.table})
        return told.get_current_revision()

    def _migrate(self, engine: sa.Engine, move: Callable[[Config], None]) -> None:
        config = self._config
        with write_transaction(engine) as connection:
            config.attributes["connection"] = connection
            move(config)


CHARTS = Versions("reliefpath.store:migrations/versions", "alembic_version")
newest, known, version_of = CHARTS.newest, CHARTS.known, CHARTS.version_of
upgrade, downgrade = CHARTS.upgrade, CHARTS.downgrade
