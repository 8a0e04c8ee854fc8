"""What is done for a patient, one module a use case; every surface calls the same."""
