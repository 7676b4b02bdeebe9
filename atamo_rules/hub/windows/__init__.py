"""The states of windows in a hub: decided upon one at a time, kept with the decision, woken when their time comes."""
