"""How a container is, and how patiently it is asked."""
