"""Makes `python -m api.cli` run the command line."""

from api.cli import main

main()
