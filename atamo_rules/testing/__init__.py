"""Contract suites and doubles for people who write plug-ins."""
