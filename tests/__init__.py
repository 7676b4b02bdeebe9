"""The tests of Atamo: golden cases first, then properties, contracts, doors and the house's own rules."""
