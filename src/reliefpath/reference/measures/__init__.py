"""Outcome measures: scoring, direction, the change that matters, licences."""

from reliefpath.reference.measures.catalogue import (
    Bands,
    Items,
    Licence,
    Loinc,
    Measure,
    Missing,
    Scoring,
    Share,
    Threshold,
    measures,
    sources,
    table,
)
from reliefpath.reference.measures.scoring import burden, can_show, improvement, score

__all__ = [
    "Bands",
    "Items",
    "Licence",
    "Loinc",
    "Measure",
    "Missing",
    "Scoring",
    "Share",
    "Threshold",
    "burden",
    "can_show",
    "improvement",
    "measures",
    "score",
    "sources",
    "table",
]
