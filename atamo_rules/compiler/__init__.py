"""Tree to Ruleset, or the reasons why not. Pure: text comes in as Sources, nothing is read from disk."""
