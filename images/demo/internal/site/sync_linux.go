package site

import (
	"os"

	"golang.org/x/sys/unix"
)

func forceSync(file *os.File) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Control(func(fd uintptr) {
		var ignored unix.Statx_t
		failure = unix.Statx(int(fd), "", unix.AT_EMPTY_PATH|unix.AT_STATX_FORCE_SYNC, unix.STATX_BASIC_STATS, &ignored)
	})
	if err != nil {
		return err
	}
	return failure
}
