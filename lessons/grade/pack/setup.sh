#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of the autograder: it gets what grading
# needs, and builds the course, so that a submission waits for neither.
set -euo pipefail

autograder=${AUTOGRADER:-/autograder}

if ! command -v cc >/dev/null || ! command -v curl >/dev/null || ! command -v bwrap >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq curl ca-certificates build-essential bubblewrap git
fi
if ! command -v cargo >/dev/null; then
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
    . "$HOME/.cargo/env"
fi

# This builds everything, and grades the untouched starters.
cd "$autograder/source/course"
cargo grade LESSONS --submission starter --trust PRIVATE
