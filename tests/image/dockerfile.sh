# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Carries out a Dockerfile's stages in clean roots, as far as ours goes; what it does not know is an error. After
# roots.sh and build.sh.
#
#   dockerfile_run FILE FOLDER: the roots are FOLDER/<stage>, the last one's name is "image"; what a stage
#   tells the container's start is in FOLDER/<stage>.USER, .ENTRYPOINT, .ENV, ...

# One instruction a line, without comments.
_instructions() {
  sed -e '/^[[:space:]]*#/d' -e '/^[[:space:]]*$/d' "$1" | sed -e ':more' -e '/\\$/{N;s/\\\n[[:space:]]*//;b more' -e '}'
}

# A stage begins as a clean root, or empty. That of the stage "build" has the packages it asks for already.
_from() {
  local base=$1 as=${2-} name=${3-}
  [ "${as:-AS}" = AS ] || return
  _stage=$_folder/${name:-image}
  # shellcheck disable=SC2016 # as it stands in the file
  case $base,$name in
    scratch,*) mkdir -p "$_stage" ;;
    '${DEBIAN},build') root_build "$_stage" ;;
    '${DEBIAN},'*) root_base "$_stage" ;;
    *) return 1 ;;
  esac
}

# COPY [--from=STAGE] SOURCE... TARGET; "." is the checkout.
_copy() {
  local from='' target source
  if [[ $1 == --from=* ]]; then from=$_folder/${1#--from=} && shift; fi
  target=$_stage${*: -1}
  if [ "$1" = . ]; then
    packages_source "$target"
    return
  fi
  mkdir -p "${target%/*}"
  for source in "${@:1:$#-1}"; do
    # Stars stand for names, and what ends with a slash for what is in it.
    # shellcheck disable=SC2086
    if [[ $source == */ ]]; then cp -a "$from$source." "$target"; else cp -a ${from:+$from}$source "$target"; fi
  done
}

_run() {
  mkdir -p build/packages/archives
  root_run "$_stage" --bind "$PWD/build/packages/archives:/var/cache/apt/archives" \
    env DEBIAN_FRONTEND=noninteractive /bin/sh -c "$1"
}

_instruction() {
  local name=$1 rest=$2 words
  echo "== $name $rest"
  read -ra words <<< "$rest"
  case $name in
    FROM) _from "${words[@]}" ;;
    COPY) _copy "${words[@]}" ;;
    RUN) _run "$rest" ;;
    USER | ENV | ENTRYPOINT | CMD | LABEL | STOPSIGNAL | HEALTHCHECK) printf '%s\n' "$rest" > "$_stage.$name" ;;
    ARG) [ -z "$_stage" ] && [[ $rest == DEBIAN=* ]] ;;
    *) echo "dockerfile.sh does not know $name" && return 1 ;;
  esac
}

dockerfile_run() {
  local name rest
  _folder=$2 _stage=''
  while read -r name rest <&3; do
    _instruction "$name" "$rest"
  done 3< <(_instructions "$1")
}
