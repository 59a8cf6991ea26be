#!/bin/sh
# Makes the demo guest's kernel and initramfs: OUTDIR/vmlinux and OUTDIR/initramfs.
# Usage: build.sh OUTDIR [CACHE]    (CACHE: ~/.cache/torocloud/demo-image unless told)
# Needs Debian 12 or 13 with apt and Go 1.24 or later; no root. Packages come from this machine's own mirror, signatures checked.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 OUTDIR [CACHE]" >&2
  exit 2
fi
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$1" "${2:-${XDG_CACHE_HOME:-$HOME/.cache}/torocloud/demo-image}"
out=$(CDPATH='' cd -- "$1" && pwd)
cache=$(CDPATH='' cd -- "${2:-${XDG_CACHE_HOME:-$HOME/.cache}/torocloud/demo-image}" && pwd)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
lists_max_age_minutes=1440

say() { echo "demo image: $*"; }
die() {
  echo "demo image: $*" >&2
  exit 1
}

work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
find "$cache" -maxdepth 1 -name 'work.*' -mmin +120 -exec rm -rf {} + # what killed runs left

# apt with its own folders, so that it needs no root and leaves the machine's packages alone; also those of an installation
# that is under way, which the hooks that containers have would delete.
mkdir -p "$cache/apt"
for hook in Pre-Invoke Post-Invoke Post-Invoke-Success; do echo "#clear APT::Update::$hook;"; done >"$cache/apt/no-hooks.conf"
private_apt() {
  command=$1
  shift
  "$command" -q -c "$cache/apt/no-hooks.conf" -o "Dir=$cache/apt" -o "Dir::State::status=$cache/apt/status" -o "APT::Sandbox::User=$(id -un)" \
    -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# The first Debian mirror among this machine's apt sources.
mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

mirror_from_sources() {
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
    sed -n -e 's/^deb  *\(\[[^]]*\]  *\)\{0,1\}//p' -e 's/^URIs: *//p' |
    awk '$1 ~ /\/debian\/?$/ { print $1; exit }'
}

refresh_lists() {
  if [ -n "$(find "$cache/apt/fresh" -mmin -$lists_max_age_minutes 2>/dev/null)" ]; then
    say "package lists are less than a day old"
    return
  fi
  uri=$(mirror)
  [ -n "$uri" ] || uri=$(mirror_from_sources)
  [ -n "$uri" ] || die "no Debian mirror in this machine's apt sources"
  [ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"
  mkdir -p "$cache/apt/etc/apt/preferences.d" "$cache/apt/etc/apt/sources.list.d" "$cache/apt/var/lib/apt/lists/partial" \
    "$cache/apt/var/cache/apt/archives/partial" "$cache/apt/var/log/apt"
  : >"$cache/apt/status"
  echo "deb [arch=amd64 signed-by=$keyring] $uri trixie main" >"$cache/apt/etc/apt/sources.list"
  say "reading the package lists of Debian 13"
  private_apt apt-get -o APT::Update::Error-Mode=any update >"$work/update.log" 2>&1 || {
    cat "$work/update.log" >&2
    [ -e "$cache/apt/fresh" ] || die "the package lists cannot be read"
    say "the package lists cannot be read now: going on with those of an earlier run"
    return
  }
  touch "$cache/apt/fresh"
}

field() { # field PACKAGE NAME: of the newest version
  private_apt apt-cache show --no-all-versions "$1" | sed -n "s/^$2: //p" | head -n 1
}

# Leaves the kernel package's path in $deb and its checksum, as the signed lists have it, in $deb_hash.
fetch_kernel() {
  package=$(field linux-image-cloud-amd64 Depends | sed 's/[ ,|(].*//')
  [ -n "$package" ] || die "Debian 13 has no linux-image-cloud-amd64 in the lists: remove $cache/apt and try again"
  deb_hash=$(field "$package" SHA256)
  [ -n "$deb_hash" ] || die "the lists have no checksum of $package"
  deb=$cache/$package-$deb_hash.deb
  if [ -f "$deb" ] && echo "$deb_hash  $deb" | sha256sum --check --status; then
    say "$package is in the cache"
    return
  fi
  say "downloading $package"
  (cd "$work" && private_apt apt-get download "$package") >"$work/download.log" 2>&1 || {
    cat "$work/download.log" >&2
    die "$package cannot be downloaded"
  }
  mv "$work"/linux-image-*.deb "$work/kernel.deb"
  echo "$deb_hash  $work/kernel.deb" | sha256sum --check --status || die "$package has another checksum than the signed lists say"
  mv "$work/kernel.deb" "$deb"
}

# One hash of everything that the result is made of.
inputs_hash() {
  {
    echo "$deb_hash"
    go env GOVERSION
    cd "$here" && find . -type f \( -name '*.go' -o -name 'go.*' -o -name build.sh \) ! -name '*_test.go' -exec sha256sum {} + | sort -k 2
  } | sha256sum | cut -d ' ' -f 1
}

build() {
  say "building"
  mkdir "$work/image"
  # go.sum is complete: nothing is asked of a checksum database, and no other Go is downloaded.
  export GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0
  GOFLAGS="${GOFLAGS:-} -mod=readonly -buildvcs=false"
  export GOFLAGS
  cd "$here"
  GOOS=linux GOARCH=amd64 GOAMD64=v1 go build -trimpath -ldflags "-s -w" -o "$work/init" ./cmd/init
  go build -trimpath -ldflags "-s -w" -o "$work/mkimage" ./cmd/mkimage
  "$work/mkimage" -deb "$deb" -init "$work/init" -out "$work/image" >"$work/mkimage.log"
}

# place FILE: whole or not at all, and only if it differs.
place() {
  cmp -s "$image/$1" "$out/$1" && return
  cp "$image/$1" "$out/.$1.$$"
  mv "$out/.$1.$$" "$out/$1"
}

command -v go >/dev/null || die "go is missing: install golang-go (1.24 or later)"
refresh_lists
fetch_kernel
image=$cache/image-$(inputs_hash)
if [ ! -d "$image" ]; then
  (build)
  mv -T "$work/image" "$image" 2>/dev/null || [ -d "$image" ] || die "$image cannot be written"
fi
place vmlinux
place initramfs
say "$out/vmlinux and $out/initramfs are current ($(du -k -c "$image/vmlinux" "$image/initramfs" | awk 'END { print int($1 / 1000) }') MB)"
