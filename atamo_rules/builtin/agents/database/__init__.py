"""The parts of the sql agent: statements checked once, values bound and read, errors told apart."""
