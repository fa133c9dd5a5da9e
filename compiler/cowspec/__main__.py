"""`python -m cowspec`"""

from cowspec.cli.main import main

if __name__ == "__main__":
    main()
