"""The logs of containers, their standard output and error: read, followed, archived."""
