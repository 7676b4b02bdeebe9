"""A second opinion: the language as its reference page describes it, without a line of the engine."""
