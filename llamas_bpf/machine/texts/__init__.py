"""What plain texts say about devices: read, and kept only where it stands in the text."""
