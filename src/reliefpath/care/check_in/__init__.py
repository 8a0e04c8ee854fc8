"""The patient's check-in: a link, two minutes on a phone, and rows of the care log."""
