"""Random event types, conditions, events, rules and templates."""
