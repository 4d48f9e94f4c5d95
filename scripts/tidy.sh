#!/usr/bin/env bash
# clang-format over every file, clang-tidy over those whose text (with what they include of ours) was not checked before.
# A passed check is remembered by content, so a second run costs nothing.
#   scripts/tidy.sh          files changed by the newest commits (those not on another branch's history: the last 20)
#   scripts/tidy.sh --all    every file
#   scripts/tidy.sh --format the formatter alone (what CI asks for)
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t files < <(git ls-files '*.cc' '*.h')
clang-format-14 --dry-run -Werror "${files[@]}"
[ "${1:-}" != --format ] || exit 0

build=build/dev
[ -f $build/compile_commands.json ] || build=build/quick
[ -f $build/compile_commands.json ] || { echo "tidy: no compile_commands.json; run cmake --preset dev first" >&2; exit 1; }

stamps=${XDG_CACHE_HOME:-$HOME/.cache}/sigil/tidy
mkdir -p "$stamps"
headers=$(cat .clang-tidy $(git ls-files '*.h') | sha256sum | cut -c1-16)

if [ "${1:-}" = --all ]; then
  mapfile -t wanted < <(git ls-files '*.cc')
else
  mapfile -t wanted < <(git diff --name-only --diff-filter=d "$(git rev-list --max-count=20 HEAD | tail -n 1)" HEAD -- '*.cc' | sort -u)
fi

todo=()
for file in "${wanted[@]}"; do
  grep -q "\"$PWD/$file\"" $build/compile_commands.json || continue
  stamp=$stamps/$(cat "$file" | sha256sum | cut -c1-16)-$headers
  [ -e "$stamp" ] || todo+=("$file")
done
[ ${#todo[@]} -gt 0 ] || { echo "tidy: nothing new to check"; exit 0; }
echo "tidy: checking ${#todo[@]} files"

check_one() {
  # Flags of g++ that clang does not know are dropped; only findings are printed.
  if clang-tidy-14 -p "$1" --quiet --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-error "$3" >"$2.log" 2>/dev/null; then
    mv "$2.log" "$2"
  else
    cat "$2.log"
    rm -f "$2.log"
    return 1
  fi
}
export -f check_one
for file in "${todo[@]}"; do
  printf '%s\0%s\0%s\0' $build "$stamps/$(cat "$file" | sha256sum | cut -c1-16)-$headers" "$file"
done | xargs -0 -n 3 -P 2 bash -c 'check_one "$@"' _
