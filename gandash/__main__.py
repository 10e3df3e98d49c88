"""`python -m gandash`."""

from gandash.cli import main

if __name__ == "__main__":
    main()
