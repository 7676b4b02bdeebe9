"""Configuration providers beside the rules: asked about every event, each contained, their messages checked."""
