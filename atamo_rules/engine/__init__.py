"""A Ruleset and an Event to a Decision. Pure: no clock, no disk, no chance."""
