"""What is recorded, and where it lies."""
