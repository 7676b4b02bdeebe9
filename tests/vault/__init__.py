"""What users have for agents: sealed, bound, agreed to, and seen nowhere."""
