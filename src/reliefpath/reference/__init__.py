"""What is known: outcome measures, anatomy and therapies, as cited data and functions of it."""
