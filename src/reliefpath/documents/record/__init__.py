"""One patient's whole record, to hand over."""
