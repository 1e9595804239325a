#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The help, manual pages and completions of dstack-p2p: complete, well-formed, and of use in a shell.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# Whatever COLUMNS says, or the terminal.
export MANWIDTH=100

# Of the help's groups: a line for each command.
commands() {
  local help
  help=$("$DSTACK_P2P" --help)
  sed -nE '/^Exit status/q; s/^  ([a-z][a-z-]*) .*/\1/p' <<<"$help"
}

options_of() {
  local help
  help=$("$DSTACK_P2P" "$1" --help)
  sed -nE '/^Examples:/q; s/^  (-., |    )(--[a-z0-9-]+).*/\2/p' <<<"$help"
}

# shown PAGE: as text.
shown() {
  man -E ASCII -P cat -l "$ROOT/man/$1.1" | col -bx
}

# ---- Help ----

help_fits() {
  local command
  expect_status 0 "$DSTACK_P2P" --help
  for command in '' $(commands); do
    # shellcheck disable=SC2086 # none for the help of all
    expect_status 0 "$DSTACK_P2P" $command --help
    [ -z "$ERR" ]
    awk 'length > 100 { print; wide = 1 } END { exit wide }' <<<"$OUT"
    expect_text "$OUT" 'usage: dstack-p2p '
  done
}

help_is_found_in_other_ways() {
  local command
  read -r command < <(commands)
  expect_status 0 "$DSTACK_P2P" "$command" --help
  local wanted=$OUT
  expect_status 0 "$DSTACK_P2P" help "$command"
  [ "$OUT" = "$wanted" ]
  expect_status 0 "$DSTACK_P2P" "$command" -h
  [ "$OUT" = "$wanted" ]
  expect_status 2 "$DSTACK_P2P" help nothing
  [ -z "$OUT" ]
  expect_text "$ERR" "there is no command 'nothing'"
  expect_status 2 "$DSTACK_P2P"
  expect_status 2 "$DSTACK_P2P" nothing --help
}

# ---- Pages ----

every_command_has_a_page() {
  diff <(commands | LC_ALL=C sort) <(cd "$ROOT/man" && printf '%s\n' dstack-p2p-*.1 | sed -E 's/^dstack-p2p-(.*)\.1$/\1/' | LC_ALL=C sort)
}

every_option_is_in_its_page() {
  local command option page
  for command in $(commands); do
    page=$(shown "dstack-p2p-$command")
    [ -n "$(options_of "$command")" ]
    for option in $(options_of "$command"); do
      grep -qE -- "^ +(-., )?$option( |\$)" <<<"$page" || fail "$option is not in dstack-p2p-$command(1)"
    done
  done
}

the_main_page_has_it_all() {
  local page command status variable
  page=$(shown dstack-p2p)
  for command in $(commands); do expect_text "$page" "dstack-p2p-$command(1)"; done
  while read -r status; do
    grep -qE "^ +$status +[a-z]" <<<"$page" || fail "status $status is missing"
  done < <(sed -nE 's/^\| ([0-9]+) \|.*/\1/p' "$ROOT/docs/errors.md")
  for variable in $(for command in $(commands); do "$DSTACK_P2P" "$command" --help; done |
    sed -nE 's/.*\[([A-Z][A-Z0-9_]+)\]$/\1/p'); do
    grep -qE "^ +$variable" <<<"$page" || fail "$variable is missing"
  done
}

pages_are_well_formed() {
  local page
  for page in "$ROOT"/man/dstack-p2p*.1; do
    man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null | (! grep .)
    groff -man -ww -Tutf8 "$page" 2>&1 >/dev/null | (! grep .)
    mandoc -Tlint -W warning "$page"
  done
}

# What is copied from a page must be what the shell wants: no dashes for hyphens, no curly quotation marks.
examples_can_be_copied() {
  local text
  text=$(man -E UTF-8 -P cat -l "$ROOT/man/dstack-p2p-verify.1" | col -bx)
  expect_text "$text" "dstack-p2p verify --json --block finalized | jq '.peers[] | select(.verdict != \"proven\")'"
}

pages_tell_the_version() {
  expect_text "$(shown dstack-p2p)" "dstack-p2p $("$DSTACK_P2P" --version | cut -d ' ' -f 2)"
}

what_is_committed_is_made_of_the_tables() {
  BUILD_DIR=$BUILD_DIR "$ROOT/scripts/gen_manual.sh" --check
}

# ---- bash ----

# complete_bash WORD...: what completes the last one, in a bash of its own without anybody's configuration, where an
# option that is not set is an error and no program can be run.
complete_bash() {
  # shellcheck disable=SC2016 # the other shell's variables
  env -i HOME="$RUN_DIR" PATH=/nonexistent "$BASH" --norc --noprofile -euc '
    . "$1"
    shift
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    "$(complete -p dstack-p2p | { read -r _ _ name _; echo "$name"; })"
    ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' bash "$ROOT/completions/dstack-p2p.bash" "$@"
}

# completes "WORDS WANTED" WORD...: all that is offered, in order.
completes() {
  local wanted=$1 found
  shift
  found=$(complete_bash "$@" | LC_ALL=C sort | tr '\n' ' ')
  [ "${found% }" = "$wanted" ] || fail "'$found' instead of '$wanted' for: $*"
}

bash_completes_commands() {
  diff <(complete_bash dstack-p2p '' | LC_ALL=C sort) <({ commands; printf '%s\n' help --help --version; } | LC_ALL=C sort)
  completes verify dstack-p2p veri
  completes '--help --version' dstack-p2p --
  completes verify dstack-p2p help veri
  completes '' dstack-p2p nothing ''
}

bash_completes_options() {
  local command
  for command in $(commands); do
    diff <(complete_bash dstack-p2p "$command" -- | LC_ALL=C sort) <(options_of "$command" | LC_ALL=C sort)
  done
  completes --trust-contract dstack-p2p verify --json --tru
  completes --trust-contract dstack-p2p verify --save file --tru
}

bash_completes_values() {
  completes 'finalized latest safe' dstack-p2p verify --block ''
  completes 'finalized' dstack-p2p verify --block 'fi'
  completes 'auto off required' dstack-p2p peers --evidence ''
  completes 'gateway grpc passthrough' dstack-p2p register --tls ''
  completes 'TERM' dstack-p2p watch --signal 'T'
  # As readline splits --block=fi and --block=
  completes 'finalized' dstack-p2p verify --block = 'fi'
  completes 'finalized latest safe' dstack-p2p verify --block =
  completes '' dstack-p2p verify --contract ''
  completes '' dstack-p2p verify ''
}

bash_completes_files() {
  cd "$RUN_DIR"
  mkdir -p files/folder
  touch files/one.json 'files/two words.json'
  completes 'files/one.json' dstack-p2p verify --offline files/on
  completes 'files/one.json' dstack-p2p verify -o files/on
  [ "$(complete_bash dstack-p2p verify --save = files/tw)" = 'files/two words.json' ]
  completes 'files/folder' dstack-p2p verify --config files/f
}

bash_is_a_shell_script() {
  shellcheck "$ROOT/completions/dstack-p2p.bash"
}

# ---- zsh ----

# types LINE WANTED: what the line is after a tab.
types() {
  local shown
  shown=$(cd "$RUN_DIR" && timeout 60 "$ROOT/tests/cli_zsh.py" "$ROOT/completions" "$1")
  [ "$(tail -n 1 <<<"$shown")" = "line: $2" ] || fail "$shown"
}

zsh_completes() {
  zsh -n "$ROOT/completions/_dstack-p2p"
  touch "$RUN_DIR/audit.json"
  types 'dstack-p2p veri' 'dstack-p2p verify '
  types 'dstack-p2p verify --tru' 'dstack-p2p verify --trust-contract '
  types 'dstack-p2p verify --block fin' 'dstack-p2p verify --block finalized '
  types 'dstack-p2p peers --evidence=r' 'dstack-p2p peers --evidence=required '
  types 'dstack-p2p verify -o aud' 'dstack-p2p verify -o audit.json '
  types 'dstack-p2p help veri' 'dstack-p2p help verify '
}

zsh_lists_with_what_they_do() {
  local shown
  shown=$(timeout 60 "$ROOT/tests/cli_zsh.py" "$ROOT/completions" 'dstack-p2p verify --')
  for option in $(options_of verify); do expect_text "$shown" "$option "; done
  expect_text "$shown" "the Ethereum nodes, best first (http://localhost:8545); ws:// ones tell of changes"
}

[ -x "$DSTACK_P2P" ] || die 1 "BUILD_DIR holds no dstack-p2p: $DSTACK_P2P"
test_case "every help fits 100 columns" help_fits
test_case "help is found by its other names too" help_is_found_in_other_ways
test_case "what is committed is made of the tables" what_is_committed_is_made_of_the_tables
test_case "every command has a page, and no other" every_command_has_a_page
test_case "every option is in its command's page" every_option_is_in_its_page
test_case "dstack-p2p(1) has all commands, variables and statuses" the_main_page_has_it_all
test_case "man, groff and mandoc have nothing to say about the pages" pages_are_well_formed
test_case "examples can be copied from a page" examples_can_be_copied
test_case "the pages tell the version" pages_tell_the_version
test_case "the bash completion is a sound script" bash_is_a_shell_script
test_case "bash completes commands" bash_completes_commands
test_case "bash completes options, all of them" bash_completes_options
test_case "bash completes values" bash_completes_values
test_case "bash completes files" bash_completes_files
test_case "zsh completes commands, options, values and files" zsh_completes
test_case "zsh lists options with what they do" zsh_lists_with_what_they_do
test_end
