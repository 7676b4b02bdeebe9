"""Rules that are submitted while a hub runs."""
