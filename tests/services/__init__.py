"""Real services that tests start on loopback and stop by process id."""
