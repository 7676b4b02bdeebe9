"""The default agents: log, file, http, functions of Python, programs."""
