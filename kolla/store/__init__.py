"""The store: records of containers, generations and events, and their files."""
