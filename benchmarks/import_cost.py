"""What importing keras costs on top of `import numpy`, in fresh processes, beside Keras 3 if its Python is given.

`import keras` alone loads next to nothing; a row of its own counts what a program that trains a model uses of it.
"""

import argparse
import json
import os
import subprocess
import sys

from harness import Timing, interleave, summarise, table

CODE = """
import json, sys, time
{before}
wall, cpu = time.perf_counter(), time.process_time()
{code}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""
USED = (
    "import keras; keras.Model, keras.layers, keras.losses, keras.metrics, keras.optimizers, keras.callbacks"
)
BUDGET = 150  # milliseconds


def import_time(python: str, code: str, before: str = "import numpy") -> Timing:
    # -P: the folder this is run in may hold another keras. Compiled files are what a user has from the second run on.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [python, "-P", "-c", CODE.format(code=code, before=before)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return Timing(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", help="the Python of an environment with Keras 3")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()

    contestants = {
        "import numpy": lambda: import_time(sys.executable, "import numpy", before=""),
        "then import keras": lambda: import_time(sys.executable, "import keras"),
        "then what one uses": lambda: import_time(sys.executable, USED),
    }
    if arguments.contestant:
        contestants["then Keras 3.15.1"] = lambda: import_time(arguments.contestant, "import keras")
    rows = summarise("import", interleave(contestants, arguments.rounds))
    print(table(rows, reference="import numpy"))
    print(f"the budget of `import keras` on top of numpy: {BUDGET} ms")


if __name__ == "__main__":
    main()
