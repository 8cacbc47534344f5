"""The language of compose files: what a container is in it, and how the file is written."""
