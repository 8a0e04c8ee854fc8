"""Who may do what."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """The roles of the people who work in a clinic."""

    CLINICIAN = "clinician"
    """Treats: sees patients, records, agrees with advice or overrides it."""
    ASSISTANT = "assistant"
    """Helps: sees patients, records check-ins and findings."""
    DIRECTOR = "director"
    """Answers for the protocol: sees everything of care, the strategy and its effect."""
    AUDITOR = "auditor"
    """Looks at who saw and changed what; at no patient's care."""
    ADMINISTRATOR = "administrator"
    """Keeps accounts and backups; sees no patient's care."""


CARE = (Role.CLINICIAN, Role.ASSISTANT, Role.DIRECTOR)
"""Who sees patients."""
TREAT = (Role.CLINICIAN, Role.DIRECTOR)
"""Who treats them and decides."""
AUDIT = (Role.AUDITOR, Role.DIRECTOR)
"""Who looks at what was looked at."""
PAGES = (
    ("/today", "Today", CARE),
    ("/worklist", "Worklist", CARE),
    ("/intake", "New patient", CARE),
    ("/strategy", "Strategy", CARE),
    ("/outcomes", "Outcomes", CARE),
    ("/due", "Check-ins due", CARE),
    ("/lots", "Lots", TREAT),
    ("/terms", "Words", (Role.DIRECTOR,)),
    ("/people", "People", (Role.ADMINISTRATOR,)),
    ("/reminders", "Reminders", (Role.ADMINISTRATOR,)),
    ("/audit", "Audit", AUDIT),
    ("/sign-ins", "Sign-ins", (*AUDIT, Role.ADMINISTRATOR)),
    ("/backup", "Backups", (Role.ADMINISTRATOR,)),
)
"""The pages in the order of the menu, and whose they are."""


def pages_of(role: Role) -> list[tuple[str, str]]:
    """Return the pages of a role, each with its name; the first is where it begins."""
    return [(place, name) for place, name, roles in PAGES if role in roles]
