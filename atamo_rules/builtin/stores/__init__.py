"""The default store: memory."""
