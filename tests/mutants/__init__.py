"""Small changes of code and data that could harm a patient: do the tests notice them?"""
