"""The default event providers: standard input and a watched folder."""
