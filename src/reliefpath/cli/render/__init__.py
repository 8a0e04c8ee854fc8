"""What the commands print: the worklist, one patient's story, progress."""
