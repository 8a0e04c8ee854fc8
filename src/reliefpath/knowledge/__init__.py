"""Cited catalogues, and the clinic's own file: the rows that it changes or adds, each with why."""

from reliefpath.knowledge.clinic_file import Change, Clinic, ClinicFile, Override, read_clinic
from reliefpath.knowledge.value import SHIPPED, Knowledge, catalogue, derived, told_changes

__all__ = [
    "SHIPPED",
    "Change",
    "Clinic",
    "ClinicFile",
    "Knowledge",
    "Override",
    "catalogue",
    "derived",
    "read_clinic",
    "told_changes",
]
