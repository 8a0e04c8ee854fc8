"""The sheet of a day, for a day without the system."""
