#!/bin/sh
# As the image's own: options alone are mongod's, anything else is a command.
case "$1" in -*) set -- mongod "$@" ;; esac
exec "$@"
