"""The house's own rules: what must stay true of the repository as a whole."""
