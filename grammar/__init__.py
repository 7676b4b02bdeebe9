"""The concrete syntax of Atamo, shipped as `atamo_rules.grammar`."""
