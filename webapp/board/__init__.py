"""The wall board: what is going on now, on one screen."""
