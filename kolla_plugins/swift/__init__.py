"""Swift: object storage on devices of the hosts."""
