"""`python -m atamo_rules` is the `atamo` command."""

from atamo_rules.cli.main import main

if __name__ == "__main__":
    main()
