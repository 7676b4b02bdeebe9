"""Rules that are submitted while the hub runs: proposed, checked, approved, in force, taken back."""
