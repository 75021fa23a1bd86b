"""Make what the router has learned from its labelled questions and comes with the package.

Run it after a change of src/skywright/assistant/rules, its examples or its questions:

    python bench/assistant_examples.py
"""

import json
from pathlib import Path

from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.rules import likeness
from skywright.assistant.rules.routing import WORDS, examples_of, labelled_words


def main():
    examples = examples_of(MiniLM())
    path = Path(likeness.__file__).with_name(likeness.FILE)
    path.write_bytes(examples.to_bytes())
    words = labelled_words()
    path.with_name(WORDS).write_text(words, encoding="utf-8")
    print(json.dumps({"file": path.name, "bytes": path.stat().st_size, "lines": words.count("\n")}))


if __name__ == "__main__":
    main()
