"""The typed built-in functions and filters that conditions and templates may call."""
