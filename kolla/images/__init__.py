"""How images are built, which there are, and which are still needed."""
