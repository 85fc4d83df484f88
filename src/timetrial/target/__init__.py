"""What ``timetrial run`` runs: somebody's own function, found by its address, and the items it is called with."""
