"""Why a value could not be made."""


class Problem(Exception):
    """A sentence for the decision; caught where a plan is filled, and where a condition asks a table."""
