"""Which rules an event matches, at a cost that does not grow with the number of rules.

Rules are filed under the most selective thing their condition asks of one field, and only those that an event
reaches are asked the rest. What has no such key is answered by bit vectors, and what is few by a plain loop.
`docs/explanation/how-matching-works.md` tells how, and whose ideas they are.
"""
