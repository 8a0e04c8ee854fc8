"""A tiny care log as CSV text, to be broken in one place at a time."""

from pathlib import Path

FILES = {
    "patients": "patient,name,birth_date,sex\nP1,Ada,1980-02-01,female\nP2,Bo,1990-05-06,male\n",
    "episodes": "episode,patient,region,started_on,primary_measure\n"
    "E1,P1,neck,2026-01-05,nrs\nE2,P2,low-back,2026-01-12,psfs\n",
    "scores": "episode,at,measure,value,item\n"
    "E1,2026-01-05,nrs,6,\nE1,2026-01-19T10:30:00+02:00,nrs,4,\n"
    "E2,2026-01-12,psfs,2,lift my child\nE2,2026-01-12,psfs,3,sit an hour\n"
    "E2,2026-01-12,psfs,4,tie shoes\n",
    "treatments": "episode,at,therapy,agent,amount,unit,adherence\n"
    "E1,2026-01-05,education,,,,\nE1,2026-01-12,exercise,,,,0.8\n"
    "E1,2026-01-19,injection,lidocaine,20,mg,\n",
    "exams": "episode,at,muscle,side,taut_band,tender_spot\n"
    "E1,2026-01-05,upper-trapezius,left,true,false\n",
    "findings": "patient,at,kind,code,value,unit,until\n"
    "P1,2026-01-05,red-flag,screened,,,\nP1,2026-01-05,weight,body-weight,70,kg,2026-12-31\n",
}


def write(folder: Path, **changed: str) -> Path:
    """Write the care log; a keyword replaces the text of the table it names."""
    folder.mkdir(exist_ok=True)
    for name, text in {**FILES, **changed}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def changed(table: str, old: str, new: str) -> dict[str, str]:
    """Return the table's text with one thing replaced."""
    assert old in FILES[table]
    return {table: FILES[table].replace(old, new, 1)}
