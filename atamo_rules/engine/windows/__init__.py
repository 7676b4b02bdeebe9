"""Counts, sequences, absence and throttles as pure steps: a state, an event and a moment to a state and an outcome."""
