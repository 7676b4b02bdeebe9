"""Code of users in a process of its own, behind walls that the kernel keeps: JSON goes in, JSON comes out."""
