"""Twin calls of an agent become one: the second caller joins what is under way, or has what was just fetched."""
