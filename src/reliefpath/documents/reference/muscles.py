"""The documentation page of regions, muscles and the trigger point, written from the catalogues."""

from __future__ import annotations

from reliefpath.documents.reference.markdown import cited, source_table, table
from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy.catalogue import Region, muscle_catalogue
from reliefpath.reference.anatomy.diagnosis import trigger_point_catalogue

_LUNG = ("none", "caution", "high")


def muscles_markdown() -> str:
    """Return the page as Markdown."""
    muscles, diagnosis = muscle_catalogue(SHIPPED), trigger_point_catalogue()
    sources = {**muscles.sources, **diagnosis.sources}
    regions = table(("region", "meaning"), ((f"`{r}`", r.meaning) for r in Region))
    definitions = table(
        ("trigger point", "rule", "because", "source"),
        (
            (key, f"`{row.rule}`", row.because, cited(row.source, sources))
            for key, row in diagnosis.definitions.items()
        ),
    )
    rows = table(
        ("muscle", "name", "region", "reaches", "referral", "lung", "hazards", "source"),
        (
            (
                f"`{key}`",
                row.name,
                row.region,
                ", ".join(f"{r} (both sides)" if r in row.crosses else r for r in row.reaches),
                row.referral,
                _LUNG[row.pneumothorax],
                row.hazards,
                cited(row.source, sources),
            )
            for key, row in muscles.muscles.items()
        ),
    )
    return f"""# Muscles and trigger points

## Regions

{regions}
## What a trigger point is

Rules over the columns of `exams`; what was not examined is unknown.

{definitions}
## Muscles

From head to foot; each is there on both sides. *Reaches* are the regions of its referral and its
own; it is felt on the same side unless said. *Referral* is a hint, never a rule. *Lung* is the risk
that a needle meets it.

{rows}
## Sources

{source_table(sources)}"""
