"""How a container is made and kept on the engine."""
