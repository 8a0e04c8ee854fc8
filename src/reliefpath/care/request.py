"""What every request to a use case shares: it is typed, frozen, and refused whole with why."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from reliefpath.errors import UsageError
from reliefpath.knowledge.plain import plain_problems


class Request(BaseModel):
    """What a surface asks of a use case; a surface parses it, calls, and renders what comes back.

    Raises:
        UsageError: a value is missing or of another type; each is named.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise UsageError(plain_problems(error.errors())) from None
