"""Gives a number whose digits nobody could write."""

# then: answer

from decimal import Decimal


def evaluate(event):
    return [Decimal("1e999999999")]
