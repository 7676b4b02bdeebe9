"""Where what users have for agents is kept: sealed in the hub's store, or in the environment."""
