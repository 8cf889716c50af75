"""Run the command line as ``python -m collabterm``; holds no logic of its own."""

from collabterm.cli import main

if __name__ == "__main__":
    main()
