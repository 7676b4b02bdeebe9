"""Sigma detection rules."""
