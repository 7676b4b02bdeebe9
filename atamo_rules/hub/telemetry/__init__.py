"""What is told of a hub from outside: numbers, thresholds on them, and the alerts these raise."""
