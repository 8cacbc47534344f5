"""Images: building, listing, pruning."""
