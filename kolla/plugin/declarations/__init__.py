"""What a plugin declares; nothing in here needs kolla outside the room `plugin`."""
