# Shared by the scripts of this folder.

step() { printf '\n=== %s (%s)\n' "$*" "$(date +%T)"; }

# Installs Debian packages that are missing.
need_apt() {
  local missing=()
  for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}
