"""`python -m dejavu_audit`: the same as the console script."""

from dejavu_audit.cli.main import run

if __name__ == "__main__":
    run()
