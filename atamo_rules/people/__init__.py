"""Who may do what: roles, grants, keys, and the one function that decides."""
