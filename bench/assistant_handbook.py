"""Make the vectors that come with the pages of the handbook.

Run it after a change of src/skywright/assistant/handbook, of the chunks, or of the embedder:

    python bench/assistant_handbook.py
"""

import json
from pathlib import Path

from skywright.assistant.knowledge import handbook
from skywright.assistant.knowledge.minilm import MiniLM


def main():
    embedder = MiniLM()
    path = Path(handbook.__file__).parents[1] / "handbook" / handbook.VECTORS
    path.write_bytes(handbook.to_bytes(embedder))
    vectors = len(handbook.shipped_vectors(embedder.id))
    print(json.dumps({"file": path.name, "bytes": path.stat().st_size, "vectors": vectors}))


if __name__ == "__main__":
    main()
