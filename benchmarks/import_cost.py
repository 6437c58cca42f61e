"""What importing keras costs over `import numpy`, in fresh processes, beside Keras 3 if its Python is given.

`import keras` alone loads next to nothing; the second row counts what a program that trains a model uses of it.
"""

import argparse
import json
import subprocess
import sys

from harness import Timing, interleave, summarise, table

CODE = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{code}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


USED = (
    "import keras; keras.Model, keras.layers, keras.losses, keras.metrics, keras.optimizers, keras.callbacks"
)


def import_time(python: str, code: str) -> Timing:
    # -P: the folder this is run in may hold another keras.
    done = subprocess.run(
        [python, "-P", "-c", CODE.format(code=code)], capture_output=True, text=True, check=True
    )
    return Timing(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", help="the Python of an environment with Keras 3")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()

    contestants = {
        "import numpy": lambda: import_time(sys.executable, "import numpy"),
        "import keras": lambda: import_time(sys.executable, "import keras"),
        "keras and what one uses": lambda: import_time(sys.executable, USED),
    }
    if arguments.contestant:
        contestants["Keras 3.15.1"] = lambda: import_time(arguments.contestant, "import keras")
    rows = summarise("import", interleave(contestants, arguments.rounds))
    print(table(rows, reference="import numpy"))
    over = rows[2].wall - rows[0].wall
    print(f"keras and what one uses of it cost {over:.0f} ms over import numpy (budget: 150 ms)")


if __name__ == "__main__":
    main()
