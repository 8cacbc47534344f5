"""Cinder: volumes, which virtual machines use as disks and which outlive them."""
