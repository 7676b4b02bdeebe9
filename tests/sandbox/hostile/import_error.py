"""Imports what is not there."""

# then: load @5 ModuleNotFoundError

import requests


def evaluate(event):
    return []
