# Sourced by up.sh and test.sh: says what each stage does and how long it took.
stage_names=()
stage_seconds=()

stage() { # SENTENCE COMMAND…
  local sentence=$1 started took
  shift
  printf '==> %s\n' "$sentence"
  started=$(date +%s%N)
  "$@"
  took=$((($(date +%s%N) - started) / 1000000))
  printf '    done in %d.%01d s\n' $((took / 1000)) $((took % 1000 / 100))
  stage_names+=("$sentence")
  stage_seconds+=($((took / 1000)))
}

print_longest_stages() {
  echo "what took longest:"
  for i in "${!stage_names[@]}"; do
    printf '%6d s  %s\n' "${stage_seconds[$i]}" "${stage_names[$i]}"
  done | sort -rn | head -n 8
}
