"""The default auditor."""
