"""A process that listens to the connector and tells what it takes; a test can stop it, or lock it up.

The kernel keeps little for it, some 1,400 events.
One line for each ``take`` that had something to tell: ``{"whole": …, "tgids": […]}``. Ends with stdin.
"""

import json
import select
import sys

from llamas_bpf.sense.connector import Connector
from llamas_bpf.sense.errors import SenseError


def main() -> None:
    connector = Connector(receive_bytes=1 << 19)
    try:
        connector.open()
    except SenseError as error:
        print(json.dumps({"error": str(error), "kind": type(error).__name__}), flush=True)
        return
    print(json.dumps({"open": True}), flush=True)
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        records, whole = connector.take()
        if len(records) or not whole:
            print(json.dumps({"whole": whole, "tgids": sorted({*records["tgid"].tolist()})}), flush=True)
    connector.close()


if __name__ == "__main__":
    main()
