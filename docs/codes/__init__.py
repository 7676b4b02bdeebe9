"""The page of every diagnostic code, shipped as `atamo_rules.codes` for `atamo explain`."""
