#!/bin/sh
# Packs the lessons for the page. Where the tests were built already (`make test`), their build of the command line does it:
# NATIVE_PROFILE=test saves compiling another one.
set -eu
exec cargo run --quiet --locked --profile "${NATIVE_PROFILE:-dev}" --bin faultline -- lessons pack lessons target/lessons
