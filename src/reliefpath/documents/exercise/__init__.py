"""The exercise programme that a patient takes home."""

from reliefpath.documents.exercise.handout import handout

__all__ = ["handout"]
