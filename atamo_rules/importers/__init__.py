"""Rules of other systems, read as ours: foreign text to our tree, which our own writer turns into rule files."""
