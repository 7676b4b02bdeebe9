"""Importers: rules of other systems, read as ours."""
