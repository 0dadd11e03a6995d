#!/usr/bin/env bash
# Installs what is not Python or JavaScript, with apt, where the user may; otherwise prints the line to run, once.
# Usage: system-packages.sh run|test|engines
set -u
cd "$(dirname "$0")/.."

wanted=()
need() { # need <package> <test command...>: asks for the package when the test fails
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || wanted+=("$package")
}
has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
has_chinese_font() { fc-list :lang=zh-cn 2>/dev/null | grep -q .; }
has_postgres() { ls /usr/lib/postgresql/*/bin/initdb || command -v initdb; }

need fontconfig command -v fc-list
need fonts-noto-cjk has_chinese_font
need libpango-1.0-0 has_library libpango-1.0
need libpangoft2-1.0-0 has_library libpangoft2-1.0
need libharfbuzz-subset0 has_library libharfbuzz-subset
if [ "${1:-run}" = test ]; then
  need chromium command -v chromium
  need postgresql has_postgres
  need libzbar0 has_library libzbar
  need poppler-utils command -v pdftotext
fi
if [ "${1:-run}" = engines ]; then
  need firefox-esr command -v firefox-esr
  need webkit2gtk-driver command -v WebKitWebDriver
  need xvfb command -v Xvfb
  need python3-gi /usr/bin/python3 -c "import gi"
  need gir1.2-webkit2-4.1 /usr/bin/python3 -c "import gi; gi.require_version('WebKit2', '4.1')"
fi

[ ${#wanted[@]} -eq 0 ] && exit 0
line="apt-get install -y --no-install-recommends ${wanted[*]}"
asked=.venv/.asked-for-packages
if command -v apt-get >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ]; then
    as_root=()
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    as_root=(false)
  fi
  if [ "${as_root[*]:-}" != false ]; then
    echo "Installing system packages: ${wanted[*]}"
    if ! DEBIAN_FRONTEND=noninteractive "${as_root[@]}" $line >.venv/apt.log 2>&1; then
      "${as_root[@]}" apt-get update >>.venv/apt.log 2>&1
      DEBIAN_FRONTEND=noninteractive "${as_root[@]}" $line >>.venv/apt.log 2>&1 && exit 0
      echo "Some system packages could not be installed (see .venv/apt.log)."
    else
      exit 0
    fi
  fi
fi
if [ ! -e "$asked" ] || [ "$(cat "$asked")" != "$line" ]; then
  echo "Some things need system packages (Chinese font and PDF, tests in a browser). To install them:"
  echo "    sudo $line"
  echo "$line" >"$asked"
fi
exit 0
