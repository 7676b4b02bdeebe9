"""How the chat services that the chat agent posts to want a message, what they allow, and what they answer."""
