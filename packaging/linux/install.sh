#!/bin/sh
# Installs FetalCLIP Studio for you alone, below ~/.local: program, menu entry, icons, and .dcm files that open with it.
# Nothing else on the machine is changed; uninstall.sh takes all of it away. With --in-place the program's folder stays
# where it is and is not copied.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
name=FetalCLIP-Studio
id=org.fetalclip.studio
data=${XDG_DATA_HOME:-$HOME/.local/share}
place=$HOME/.local/opt/$name

[ -x "$here/$name" ] || { echo "$here/$name is missing: run this file from the program's own folder." >&2; exit 1; }
case ${1:-} in
  --in-place) place=$here ;;
  "")
    if [ "$here" != "$place" ]; then
      rm -rf "$place.new"
      mkdir -p "$(dirname "$place")"
      cp -a "$here" "$place.new"
      rm -rf "$place"
      mv "$place.new" "$place"
    fi
    ;;
  *) echo "usage: install.sh [--in-place]" >&2; exit 2 ;;
esac

# What stands in quotes in a desktop entry: \ " ` $ take a backslash, which the entry itself doubles; % is doubled.
quoted=$(printf '%s' "$place/$name" | sed -e 's/[\\"`$]/\\\\&/g' -e 's/%/%%/g')
mkdir -p "$data/applications" "$HOME/.local/bin"
while IFS= read -r line; do
  case $line in
    Exec=*) printf 'Exec="%s" open %%F\n' "$quoted" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < "$place/share/$id.desktop" > "$data/applications/$id.desktop"
for size in 16 32 48 128 256; do
  mkdir -p "$data/icons/hicolor/${size}x$size/apps"
  cp "$place/share/$size.png" "$data/icons/hicolor/${size}x$size/apps/$id.png"
done
mkdir -p "$data/icons/hicolor/scalable/apps" "$data/mime/packages"
cp "$place/share/studio.svg" "$data/icons/hicolor/scalable/apps/$id.svg"
cp "$place/share/$id.xml" "$data/mime/packages/$id.xml"
ln -sfn "$place/$name" "$HOME/.local/bin/fetalclip-studio"
command -v update-mime-database >/dev/null && update-mime-database "$data/mime" >/dev/null 2>&1 || true
command -v update-desktop-database >/dev/null && update-desktop-database "$data/applications" >/dev/null 2>&1 || true
echo "FetalCLIP Studio is in your menu, and on the command line as fetalclip-studio (~/.local/bin)."
