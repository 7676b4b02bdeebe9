"""The default configuration provider: a folder of rule files."""
