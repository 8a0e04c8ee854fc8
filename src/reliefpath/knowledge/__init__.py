"""A clinic's own file: rows of the catalogues that it changes or adds, with reason and name."""

from reliefpath.knowledge.amending import amended
from reliefpath.knowledge.clinic_file import Change, Clinic, ClinicFile, Override, read_clinic
from reliefpath.knowledge.process import (
    catalogue,
    changes_of,
    edition,
    in_force,
    told_changes,
    use_overrides,
    use_text,
)

__all__ = [
    "Change",
    "Clinic",
    "ClinicFile",
    "Override",
    "amended",
    "catalogue",
    "changes_of",
    "edition",
    "in_force",
    "read_clinic",
    "told_changes",
    "use_overrides",
    "use_text",
]
