"""Floor by floor: what golden cases cannot show."""
