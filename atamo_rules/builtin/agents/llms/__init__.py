"""What the agent llm says to a language model, what it takes for an answer, and how much it may spend."""
