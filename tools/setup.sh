#!/bin/sh
# Make the environment in the folder given (.venv): everything that uv.lock says, and JupyterLab's settings of the course.
# Needs Python 3.11 or later with its venv module, or Python 3.11 or later and uv; nothing else.
set -eu
venv=$1

# Run by PYTHON: whether it can run the course.
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

complain() {
    printf '%s\n' "$@" >&2
    exit 1
}

# An environment that was moved, or whose Python was removed or is too old, is of no use any more.
here=$(pwd -P)
made_in=$(cat "$venv/.ready" 2>/dev/null) || made_in=$here
if [ -e "$venv/pyvenv.cfg" ]; then
    if [ "$made_in" != "$here" ] || ! "$venv/bin/python" -c "$new_enough" 2>/dev/null; then
        rm -rf "$venv"
    fi
fi

uv=
if uv --version >/dev/null 2>&1; then
    uv=uv
fi

python=
for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c "$new_enough" 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ] && [ -n "$uv" ]; then
    python=$(uv python find --no-python-downloads '>=3.11' 2>/dev/null) || python=
fi
if [ -z "$python" ]; then
    complain "dhcpkit needs Python 3.11 or later, and '${PYTHON:-python3}' here is older or missing." \
        "Install a newer Python, or say where one is: make lab PYTHON=/path/to/python3.12"
fi

if [ -z "$uv" ]; then
    uv=$venv/bin/uv
    if ! "$uv" --version >/dev/null 2>&1; then
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            complain "'$python' has no venv module. On Debian and Ubuntu: sudo apt install python3-venv" \
                "Or install uv, which does without it, and try again."
        fi
        echo "Installing the installer (uv) ..."
        "$python" -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv
    fi
fi

# An environment that is there keeps its Python; a new one gets the one found above.
if [ -e "$venv/pyvenv.cfg" ]; then
    python=$venv/bin/python
fi
echo "Setting up $venv (about 500 MB, once) ..."
# Trust whom the system trusts: many networks of companies and schools have a certificate authority of their own.
export UV_PROJECT_ENVIRONMENT="$venv" UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"
"$uv" sync --frozen --inexact --compile-bytecode --quiet --no-python-downloads --python "$python"

settings=$venv/share/jupyter/lab/settings
mkdir -p "$settings"
cp assets/jupyter/overrides.json "$settings/overrides.json"

echo "$here" > "$venv/.ready"
