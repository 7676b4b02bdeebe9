"""Who there is, what they may, and what no key or grant gives."""
