"""What the agents that speak HTTP share: where they may connect, what they send, what they make of answers."""
