"""The default agents: log, file, http, sql, mail, functions of Python, programs."""
