#!/bin/sh
# Takes away what install.sh put below ~/.local. Your settings and the archive of your studies stay; it says where.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
name=FetalCLIP-Studio
id=org.fetalclip.studio
data=${XDG_DATA_HOME:-$HOME/.local/share}
config=${XDG_CONFIG_HOME:-$HOME/.config}
place=$HOME/.local/opt/$name

rm -f "$data/applications/$id.desktop" "$data/mime/packages/$id.xml" "$data/icons/hicolor/scalable/apps/$id.svg"
for size in 16 32 48 128 256; do
  rm -f "$data/icons/hicolor/${size}x$size/apps/$id.png"
done
[ -L "$HOME/.local/bin/fetalclip-studio" ] && rm -f "$HOME/.local/bin/fetalclip-studio"
command -v update-mime-database >/dev/null && update-mime-database "$data/mime" >/dev/null 2>&1 || true
command -v update-desktop-database >/dev/null && update-desktop-database "$data/applications" >/dev/null 2>&1 || true
# What the two commands wrote for nobody else.
rmdir "$data/mime/packages" 2>/dev/null && rm -rf "$data/mime"
ls "$data/applications"/*.desktop >/dev/null 2>&1 || rm -f "$data/applications/mimeinfo.cache"
rm -rf "$place"
echo "FetalCLIP Studio is removed."
for kept in "$config/fetalclip-studio" "$data/fetalclip-studio"; do
  [ -d "$kept" ] && echo "Kept: $kept"
done
[ "$here" = "$place" ] || echo "This folder was not installed and stays: $here"
