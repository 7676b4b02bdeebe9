"""What is told of events afterwards: the story of one, step by step, and what other rules would have decided."""
