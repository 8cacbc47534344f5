"""What is installed, and with which options."""
