"""`python -m streams.cli` is `toptopics`."""

from streams.cli.main import main

if __name__ == "__main__":
    main()
