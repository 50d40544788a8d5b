# The one door for developers; `python3 run.py test` needs none of it.

python := ".venv/bin/python"

# set up .venv with everything developers need
setup:
    python3 run.py --version
    {{python}} -c 'import tomllib; g = tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"]; print(*g["test"], *g["lint"], *g["docs"], sep="\n")' > .venv/developers.txt
    python3 -m pip --python {{python}} install --quiet -r .venv/developers.txt

test *arguments:
    {{python}} -m pytest {{arguments}}

# what takes too long for the gate, which runs samples of it: 2,000 threads that change while they are archived, 2,000
# worlds in which one host of three lies, and servers that say anything
soak:
    THREAD_ARCHIVE_WORLDS=400 {{python}} -m pytest -n 2 tests/archiving/test_changing_worlds.py tests/archiving/test_lying_servers.py tests/archiving/test_actors.py
    THREAD_ARCHIVE_WORLDS=1000 {{python}} -m pytest -n 2 tests/archiving/test_believed.py
    THREAD_ARCHIVE_TEXTS=200 {{python}} -m pytest tests/cli/test_controls.py

check:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    .venv/bin/lint-imports
    PATH="$PWD/.venv/bin:$PATH" .venv/bin/cog --check README.md docs/reference/*.md docs/explanation/proof.md docs/decisions/README.md

docs:
    PATH="$PWD/.venv/bin:$PATH" .venv/bin/cog -r README.md docs/reference/*.md docs/explanation/proof.md docs/decisions/README.md

bench *names:
    {{python}} bench/run.py {{names}}
