"""What containers write to standard output and error: read, followed, kept."""
