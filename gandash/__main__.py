"""`python -m gandash`."""

from gandash.leaving import leaving_at_once

if __name__ == "__main__":
    with leaving_at_once():
        from gandash.cli import main
    main()
