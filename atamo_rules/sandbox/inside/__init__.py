"""What runs in the process of a sandbox: it puts up the walls, drops every right, and only then reads a user's code."""
