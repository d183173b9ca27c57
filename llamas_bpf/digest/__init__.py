"""EventBatch and the kernel's own files in, one window's Digest out."""
