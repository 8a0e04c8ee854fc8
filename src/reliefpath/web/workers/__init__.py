"""Work beside the requests: in threads and in processes."""
