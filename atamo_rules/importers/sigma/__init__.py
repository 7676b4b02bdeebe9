"""Sigma detection rules."""

from atamo_rules.importers.sigma.read import read as read
