"""How a chart of an older version becomes one of this version; the newest comes last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from reliefpath.chart.store.database import snapshot, turn

if TYPE_CHECKING:
    from collections.abc import Callable


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "reliefpath.chart.store:migrations")
    return config


def newest() -> str:
    """Return the version of charts that this software writes."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def known(version: str) -> bool:
    """Return whether this software knows a version of charts."""
    scripts = ScriptDirectory.from_config(_config())
    return any(script.revision == version for script in scripts.walk_revisions())


def version_of(engine: sa.Engine) -> str | None:
    """Return the version of a chart, or None where there is none."""
    with snapshot(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: sa.Engine, to: str = "head") -> None:
    """Bring a chart to a version, by default the newest, or leave it as it was."""
    _migrate(engine, lambda config: command.upgrade(config, to))


def downgrade(engine: sa.Engine, to: str) -> None:
    """Take a chart back to a version."""
    _migrate(engine, lambda config: command.downgrade(config, to))


def _migrate(engine: sa.Engine, move: Callable[[Config], None]) -> None:
    config = _config()
    with turn(engine) as connection:
        config.attributes["connection"] = connection
        move(config)
