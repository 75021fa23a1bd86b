"""``python -m skywright`` is the command ``skywright``."""

from skywright.cli.main import main

main()
