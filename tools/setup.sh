#!/bin/sh
# Make the environment in the folder given: exactly what uv.lock says, with JupyterLab's settings of the course.
# Needs Python 3.11 or later with its venv module, or uv; nothing else.
set -eu
venv=$1

python=
for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done

if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -z "$python" ]; then
    echo "dhcpkit needs Python 3.11 or later, and 'python3' here is older or missing." >&2
    echo "Install a newer Python, or name one: make PYTHON=/path/to/python3.12 lab" >&2
    exit 1
else
    if ! "$python" -m venv "$venv"; then
        echo "Python's venv module does not work here. On Debian and Ubuntu: sudo apt install python3-venv" >&2
        exit 1
    fi
    echo "Installing the installer (uv) ..."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
    uv=$venv/bin/uv
fi

echo "Setting up $venv (about 400 MB, once) ..."
UV_PROJECT_ENVIRONMENT=$venv "$uv" sync --frozen --inexact --compile-bytecode --quiet ${python:+--python "$python"}

settings=$venv/share/jupyter/lab/settings
mkdir -p "$settings"
cp assets/jupyter/overrides.json "$settings/overrides.json"
