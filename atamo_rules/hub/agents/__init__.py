"""Agents as the hub has them: bound to plug-ins, each called in a lane of its own, in its time, and as somebody."""
