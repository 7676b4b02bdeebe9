"""Whole worlds from one seed: a hub under virtual time whose agents, clients, disk and process fail."""
