"""High availability: one address of the cloud that its hosts serve together."""
