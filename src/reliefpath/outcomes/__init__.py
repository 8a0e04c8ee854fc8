"""What a clinic achieves, each number with what it is out of."""
