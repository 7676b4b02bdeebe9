"""The default agents: log, file and http."""
