"""Plans of a treatment, held against everything on record of the person."""
