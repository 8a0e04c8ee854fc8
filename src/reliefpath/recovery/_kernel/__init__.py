"""The compiled loops of the recovery curve."""
