"""What is declared where the tests of requests ask for prices: one request, and two agents that answer it."""

DECLARED = """
request price.quote
  sku: text
  answer
    price: whole
agent list
  ask price
    sku: text
    answer
      price: whole
agent market
  publish prices
    sku: text
"""
