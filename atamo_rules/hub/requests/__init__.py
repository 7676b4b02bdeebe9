"""What a request is while it is answered: its states, its clocks, its frames; pure, with time as a value."""
