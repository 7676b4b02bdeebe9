"""Event patterns of EventBridge, event-ruler and quamina."""
