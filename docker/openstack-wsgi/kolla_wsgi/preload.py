"""What the workers have in common (``KOLLA_PRELOAD``), imported once, before they are forked.

Half the CPU for a start, while another generation serves, and half the memory afterwards.
The application itself is made in each worker: it has connections and threads.
"""

import importlib
import os

for _module in os.environ.get("KOLLA_PRELOAD", "").split():
    importlib.import_module(_module)
