"""Invented measurements."""

from llamas_bpf.contracts.measured import Measured, Pair, Speed

GIB = 1 << 30


def pair(
    node: int,
    cpu_node: int = 0,
    latency_ns: float = 100,
    read: float = 20e9,
    write: float = 10e9,
    spread_ratio: float = 0.01,
    node_bytes: int = 512 << 20,
) -> Pair:
    def speed(median: float) -> Speed:
        return Speed(median=median, spread_ratio=spread_ratio)

    return Pair(
        node=node,
        cpu_node=cpu_node,
        node_bytes=node_bytes,
        buffer_bytes=GIB,
        cache_bytes=32 << 20,
        threads=2,
        read_latency_ns=speed(latency_ns),
        read_bandwidth_bytes_per_s=speed(read),
        write_bandwidth_bytes_per_s=speed(write),
    )


def measured(*pairs: Pair, hypervisor: str = "", kernel: str = "6.12") -> Measured:
    return Measured(kernel=kernel, hypervisor=hypervisor, at_s=1.0, pairs=pairs)
