"""What is printed: the papers of an injection, handouts, the patient's record."""
