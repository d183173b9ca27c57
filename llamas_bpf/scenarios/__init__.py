"""Programs whose behaviour is known, to see whether the controller finds it out."""
