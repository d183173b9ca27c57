"""libbpf through cffi: loads BPF objects and drains their rings."""
