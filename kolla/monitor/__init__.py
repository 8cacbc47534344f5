"""The host tool that watches: checks on a timer, restarts, probation, metrics."""
