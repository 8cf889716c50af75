"""Check what is in the wheel: both packages with their data, and nothing else; prints what is wrong."""

import sys
import zipfile
from pathlib import Path

PACKAGES = ("collabterm/", "collabterm_server/")
DATA = {"collabterm/py.typed", "collabterm/tui/app.tcss"}


def main(wheel: str) -> int:
    """Compare the wheel's names with the tree's."""
    root = Path(__file__).resolve().parent.parent
    expected = {
        str(path.relative_to(base))
        for base, package in ((root, "collabterm"), (root / "server", "collabterm_server"))
        for path in (base / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    problems = [f"missing: {name}" for name in sorted(expected | DATA) if name not in names]
    problems += [f"should not be there: {name}" for name in sorted(names - expected)]
    problems += [f"outside the packages: {name}" for name in sorted(names) if not name.startswith(PACKAGES)]
    print("\n".join(problems) or f"{len(names)} files, as they should be")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
