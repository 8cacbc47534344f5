"""What Horizon is told by kolla."""
