"""The monitor: checks on a timer, restarts, probation, endpoint, metrics."""
