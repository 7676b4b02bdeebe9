"""What can and cannot happen, for every event there can be: conditions decided, not tried."""
