#!/bin/sh
# The main job, shown: a file goes in, a network comes out, is proven, drawn, and removed.
set -eu
cd "$(dirname "$0")"
say() { printf '\n$ %s\n' "$*"; "$@"; }
say nslab plan tutorial.yaml
say nslab up tutorial.yaml
trap 'nslab down tutorial' EXIT
say nslab draw tutorial
say nslab ping -l tutorial
say nslab show tutorial
