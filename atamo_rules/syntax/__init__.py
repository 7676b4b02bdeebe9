"""Text to tree and back: two containers (.atamo and YAML), one grammar, one tree."""
