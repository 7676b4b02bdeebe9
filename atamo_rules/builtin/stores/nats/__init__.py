"""A store that several hubs share: every change is a message of one NATS JetStream stream, and each hub follows it."""
