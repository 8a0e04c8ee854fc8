"""The virtual clinic: simulated patients, the same for the same seed."""

from reliefpath.simulation.clinic import ABOUT, demo_clinic

__all__ = ["ABOUT", "demo_clinic"]
