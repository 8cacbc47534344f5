"""Octavia: load balancers, each in a small virtual machine of its own (an *amphora*)."""
