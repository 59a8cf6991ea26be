#!/bin/sh
# The processor time that a host has taken since it started, in seconds: of what runs, and of what has ended by the one that waited for it.
# While no connection is open but this one, the difference of two says what was taken in between.
set -eu
cat /proc/[0-9]*/stat 2>/dev/null | awk '{ sub(/^.*\) /, ""); ticks += $12 + $13 + $14 + $15 } END { print ticks / 100 }'
