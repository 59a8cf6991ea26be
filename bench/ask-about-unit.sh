#!/bin/sh
# What a command of a resource of its own would ask of one guest.
systemctl show -p UnitFileState -p ActiveState -p NeedDaemonReload "$1"
