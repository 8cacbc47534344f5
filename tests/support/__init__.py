"""What unit and functional tests share."""
