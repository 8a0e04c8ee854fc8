"""What is given against local anaesthetic in the blood, worked out for one weight."""

from __future__ import annotations

from collections.abc import Iterator

from reliefpath.reference.therapies.injection.doses import cited
from reliefpath.reference.therapies.injection.limits import InjectionLimits, Rescue

FIRST = (
    "Stop injecting, call for help, keep the airway open with oxygen, and treat a seizure with a "
    "benzodiazepine. Give the emulsion at the first sign of trouble with heart or circulation."
)
UNSTABLE = (
    "If the circulation stays unstable, repeat the bolus and double the rate of the infusion."
)
AVOID = "No vasopressin, calcium channel blocker, beta blocker or further local anaesthetic."


def rescue_source(limits: InjectionLimits) -> str:
    """Return where the doses come from, and how sure that is."""
    return "; ".join(cited(limits, limits.rescue.source))


def rescue_doses(rescue: Rescue, weight_kg: float | None) -> Iterator[str]:
    """Yield every dose in the order in which it is given; by the kilogram where the weight is not
    known. Volumes are in mL, weights in kg.
    """
    emulsion = f"Lipid emulsion {rescue.concentration_percent:g} percent"
    over, long = _span(rescue.bolus_minutes), _span(rescue.infusion_minutes)
    if weight_kg is None:
        yield f"{emulsion}, first bolus over {over} minutes: {_bolus(rescue)}"
        yield f"Infusion after the bolus, over {long} minutes: {_infusion(rescue)}"
        yield f"Emulsion in all: at most {rescue.most_ml_per_kg:g} mL/kg"
        yield f"Epinephrine, if needed: at most {rescue.epinephrine_mcg_per_kg:g} mcg/kg a dose"
        return
    yield f"{emulsion}, first bolus {rescue.bolus_ml(weight_kg):.3g} mL over {over} minutes"
    infused = _span(rescue.infusion_total_ml(weight_kg))
    yield f"Infusion after the bolus: {infused} mL over {long} minutes"
    yield f"Emulsion in all: at most {rescue.most_ml(weight_kg):.0f} mL"
    yield f"Epinephrine, if needed: at most {rescue.epinephrine_mcg(weight_kg):.3g} mcg a dose"
    yield (
        f"Worked out for {weight_kg:.3g} kg; the doses go by ideal body weight, so work them out "
        "again where that is much less"
    )


def _bolus(rescue: Rescue) -> str:
    return (
        f"{rescue.ml_per_kg:g} mL/kg up to {rescue.fixed_above_kg:g} kg, "
        f"{rescue.fixed_ml:g} mL above"
    )


def _infusion(rescue: Rescue) -> str:
    return (
        f"{rescue.infusion_ml_per_kg_per_minute:g} mL/kg a minute up to "
        f"{rescue.fixed_above_kg:g} kg, {_span(rescue.infusion_ml)} mL above"
    )


def _span(numbers: tuple[float, float]) -> str:
    least, most = (f"{number:.3g}" for number in numbers)
    return least if least == most else f"{least} to {most}"
