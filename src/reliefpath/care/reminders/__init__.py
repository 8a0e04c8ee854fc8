"""Reminders to check in, by mail to patients who agreed to it."""
