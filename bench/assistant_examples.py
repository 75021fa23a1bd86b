"""Make the vectors of the router's example questions that come with the package.

Run it after a change of the examples in src/skywright/assistant/rules/intents.toml:

    python bench/assistant_examples.py
"""

import json
from pathlib import Path

from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.rules import likeness
from skywright.assistant.rules.routing import examples_of


def main():
    examples = examples_of(MiniLM())
    path = Path(likeness.__file__).with_name(likeness.FILE)
    path.write_bytes(examples.to_bytes())
    print(json.dumps({"file": path.name, "bytes": path.stat().st_size, "stamp": examples.stamp()}))


if __name__ == "__main__":
    main()
