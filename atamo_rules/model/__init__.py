"""Inert frozen values: what flows through the hub and what a rule means once it is understood."""
