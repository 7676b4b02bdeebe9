"""What is shipped: built, installed into nothing, and used."""
