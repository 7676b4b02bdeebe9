"""What must hold of every rule and every event."""
