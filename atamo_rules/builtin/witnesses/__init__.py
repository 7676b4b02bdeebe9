"""Places outside the hub where its checkpoints are put down."""
