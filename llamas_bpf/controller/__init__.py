"""The loop that walks the street once a window. The only room that knows all the others."""
